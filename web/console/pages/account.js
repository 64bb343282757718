// Who is signed in, and the password.
import { api, Failure } from '../../shared/api.js';
import { fill, h } from '../../shared/dom.js';
import { icon } from '../../shared/icons.js';
import { toast } from '../../shared/live.js';
import { failed, loading } from '../../shared/states.js';
import { field, onSubmit } from '../dialog.js';
import { card, facts, pageHead } from '../parts.js';
import { note } from '../router.js';

const SHORTEST = 12;

/** @param {string} name @param {string} autocomplete @param {boolean} [required] */
const password = (name, autocomplete, required = true) =>
  h('input', {
    class: 'input',
    type: 'password',
    name,
    autocomplete,
    required,
    minlength: autocomplete === 'new-password' ? String(SHORTEST) : null,
    maxlength: '256',
  });

/** @param {any} user @param {boolean} welcome @param {() => void} saved */
function passwordForm(user, welcome, saved) {
  const problem = h('div');
  const save = h('button', { class: 'btn primary', type: 'submit' }, 'Save password');
  const current = password('current_password', 'current-password', false);
  const old = field('Current password', current, 'Leave it empty if you have none yet.');
  const wrong = h('div');
  old.append(wrong);
  old.hidden = welcome;
  const form = h(
    'form',
    { class: 'form narrow' },
    h('input', { type: 'text', name: 'username', autocomplete: 'username', value: user.email || '', hidden: true, readonly: true }),
    old,
    field('New password', password('new_password', 'new-password'), `${SHORTEST} characters or more.`),
    field('New password again', password('again', 'new-password')),
    problem,
    h('div', { class: 'row' }, save),
  );
  onSubmit(form, save, async () => {
    const data = new FormData(form);
    fill(problem);
    fill(wrong);
    if (data.get('new_password') !== data.get('again')) {
      return void fill(problem, h('div', { class: 'alert bad', role: 'alert' }, icon('warn'), 'The two new passwords differ.'));
    }
    try {
      const body = { current_password: current.value || undefined, new_password: data.get('new_password') };
      await api('account/password', { method: 'POST', body });
      form.reset();
      old.hidden = false;
      old.querySelector('small')?.remove();
      current.required = true;
      saved();
      toast('The password is saved');
    } catch (error) {
      old.hidden = false;
      const isOld = error instanceof Failure && error.problem.param === 'current_password';
      fill(isOld ? wrong : problem, failed(error));
      if (isOld) current.focus();
    }
  });
  return form;
}

/** @param {any} who @param {boolean} welcome */
function content(who, welcome) {
  const user = who.user || {};
  const hello = h(
    'div',
    { class: 'alert', hidden: !welcome },
    icon('shieldok'),
    h('span', null, h('b', null, 'You are signed in.'), ' The link worked once. Set a password now to sign in next time.'),
    h('a', { class: 'btn sm', href: '/overview' }, 'Later'),
  );
  return [
    hello,
    card(
      'You',
      null,
      facts([
        ['Name', user.name],
        ['E-mail', user.email],
        ['User ID', user.id ? h('code', null, user.id) : ''],
        ['Roles', (who.roles || []).join(', ')],
        ['Organisation', who.organisation?.name],
      ]),
    ),
    card('Password', null, passwordForm(user, welcome, () => hello.remove())),
  ];
}

/** @param {import('../router.js').Place} place @returns {import('../router.js').View} */
export function account({ query, signal }) {
  const welcome = query.has('welcome');
  if (welcome) note('/account');
  const box = h('div', { class: 'stack' }, loading('your account'));
  const load = async () => {
    try {
      fill(box, content(await api('whoami', { signal }), welcome));
    } catch (error) {
      if (!signal.aborted) fill(box, failed(error, load));
    }
  };
  load();
  return { title: 'Account', nav: '', body: [pageHead('Account', 'Who you are here, and how you sign in.'), box] };
}
