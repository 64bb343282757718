// A small highlighter for code in answers. It makes nodes; what it does not know stays plain text.
import { h } from '../shared/dom.js';
import { json } from '../shared/json.js';

/** @type {Record<string, string>} */
const WORDS = {
  js:
    'async await break case catch class const continue default delete do else export extends false finally for from ' +
    'function if import in instanceof interface let new null of return static super switch this throw true try type ' +
    'typeof undefined var void while yield',
  swift:
    'actor any as async await break case catch class continue default defer do else enum extension false for func ' +
    'guard if import in init inout internal let mutating nil open override private protocol public return self Self ' +
    'some static struct subscript super switch throw throws true try typealias var where while',
  python:
    'and as assert async await break class continue def del elif else except False finally for from global if import ' +
    'in is lambda None nonlocal not or pass raise return True try while with yield',
  sh: 'case cd curl do done echo elif else esac exit export fi for function if in local return set sudo then while',
  sql:
    'and as by create delete distinct from group having index inner insert into is join key left limit not null on or ' +
    'order primary references select set table union update values where',
  go:
    'break case chan const continue default defer else fallthrough false for func go if import interface map nil ' +
    'package range return select struct switch true type var',
};

/** @type {Record<string, string>} */
const ALIASES = {
  javascript: 'js', typescript: 'js', ts: 'js', jsx: 'js', tsx: 'js', java: 'js', c: 'js', cpp: 'js',
  rust: 'go', rs: 'go', py: 'python', bash: 'sh', shell: 'sh', zsh: 'sh', console: 'sh',
};

/** @type {Record<string, RegExp>} */
const COMMENTS = { python: /#.*/, sh: /#.*/, sql: /--.*/ };
const COMMENT = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)/;
const STRING = /"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|`(?:\\.|[^`\\])*`?/;

/** Longer code stays plain: colours are not worth a pause. */
const LONGEST = 40_000;

/** @param {string} cls @param {string} text */
const colour = (cls, text) => h('span', { class: `t-${cls}` }, text);

/** One line of YAML. @param {string} line @returns {import('../shared/dom.js').Kid[]} */
function yamlLine(line) {
  if (/^\s*#/.test(line)) return [colour('com', line)];
  const match = /^(\s*(?:- )?)([\w.\-/"']+)(:)(\s.*|$)/.exec(line);
  if (!match) return [line];
  const value = match[4].trim();
  const cls = /^-?\d+(\.\d+)*$/.test(value) ? 'num' : /^(true|false|null|~)$/.test(value) ? 'kw' : 'str';
  return [match[1], colour('key', match[2]), colour('pun', match[3]), value ? colour(cls, match[4]) : match[4]];
}

/** @param {string} source @param {string} language @returns {import('../shared/dom.js').Kid[]} */
function tokens(source, language) {
  const words = new Set(WORDS[language].split(' '));
  const comment = (COMMENTS[language] || COMMENT).source;
  const pattern = `(${comment})|(${STRING.source})|(\\b\\d[\\w.]*\\b)|([A-Za-z_$][\\w$]*)(\\s*\\()?`;
  const out = [];
  let at = 0;
  for (const match of source.matchAll(new RegExp(pattern, 'g'))) {
    if (match.index > at) out.push(source.slice(at, match.index));
    at = match.index + match[0].length;
    const [, note, string, number, word, call] = match;
    if (note) out.push(colour('com', note));
    else if (string) out.push(colour('str', string));
    else if (number) out.push(colour('num', number));
    else if (words.has(language === 'sql' ? word.toLowerCase() : word)) out.push(colour('kw', word), call || '');
    else if (call) out.push(colour('fn', word), call);
    else out.push(word);
  }
  out.push(source.slice(at));
  return out;
}

/** @param {string} source @param {string} name The language, as the fence names it. */
export function highlight(source, name) {
  const language = ALIASES[name] || name;
  if (source.length > LONGEST) return [source];
  if (language === 'yaml' || language === 'yml') {
    return source.split('\n').flatMap((line, i) => (i ? ['\n', ...yamlLine(line)] : yamlLine(line)));
  }
  if (language === 'json') {
    try {
      return json(JSON.parse(source));
    } catch {
      return [source];
    }
  }
  return WORDS[language] ? tokens(source, language) : [source];
}
