// The provider of the benchmark: answers every POST with the same chat completion, or with a stream of events when the
// request asks for one. One thread, epoll, keep-alive. GET /last answers the body of the last POST, GET /count how
// many there were.
//
// usage: upstream [events]     prints the port that it listens on

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { max_connections = 20000, max_request = 1 << 20 };

struct connection {
    char *bytes;
    size_t size, capacity;
};

static struct connection *connections[max_connections];
static char answer[8192], last[max_request];
static size_t answer_size, last_size;
static unsigned long count;
static int events = 50;

static const char stream_head[] =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

static void send_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = write(fd, bytes, size);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) { usleep(50); continue; }
        if (sent <= 0) return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

static void send_event(int fd, const char *delta, const char *finish) {
    char event[1024], framed[1100];
    int size = snprintf(event, sizeof event,
        "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        "\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}\n\n", delta, finish);
    int total = snprintf(framed, sizeof framed, "%x\r\n%s\r\n", size, event);
    send_all(fd, framed, (size_t)total);
}

static void send_stream(int fd) {
    send_all(fd, stream_head, sizeof stream_head - 1);
    for (int i = 1; i < events; i++) send_event(fd, "\"content\":\" token\"", "null");
    send_event(fd, "", "\"stop\"");
    send_all(fd, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", 24);
}

static void send_text(int fd, const char *text, size_t size) {
    char head[128];
    int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\ncontent-length: %zu\r\n\r\n", size);
    send_all(fd, head, (size_t)length);
    send_all(fd, text, size);
}

static void respond(int fd, const char *request, size_t head_size, size_t total) {
    char number[32];
    if (!strncmp(request, "GET /last", 9)) { send_text(fd, last, last_size); return; }
    if (!strncmp(request, "GET", 3)) {
        send_text(fd, number, (size_t)snprintf(number, sizeof number, "%lu", count));
        return;
    }
    count++;
    last_size = total - head_size;
    memcpy(last, request + head_size, last_size);
    if (memmem(last, last_size, "\"stream\": true", 14) || memmem(last, last_size, "\"stream\":true", 13)) send_stream(fd);
    else send_all(fd, answer, answer_size);
}

// Answers one whole request at the front of the buffer; 0 when there is none, -1 when it is too large.
static int serve(int fd, struct connection *c) {
    char *end = memmem(c->bytes, c->size, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t head_size = (size_t)(end - c->bytes) + 4, total = head_size;
    char *length = memmem(c->bytes, head_size, "\r\n", 2);
    for (char *line = length; line && line < end; line = memmem(line + 2, (size_t)(end - line), "\r\n", 2))
        if (!strncasecmp(line + 2, "content-length:", 15)) total += strtoul(line + 17, NULL, 10);
    if (total > max_request) return -1;
    if (c->size < total) return 0;
    respond(fd, c->bytes, head_size, total);
    memmove(c->bytes, c->bytes + total, c->size - total);
    c->size -= total;
    return 1;
}

static void drop(int fd) {
    close(fd);
    free(connections[fd]->bytes);
    free(connections[fd]);
    connections[fd] = NULL;
}

static void take(int fd) {
    struct connection *c = connections[fd];
    if (c->capacity - c->size < 4096) {
        c->capacity = c->capacity ? c->capacity * 2 : 16384;
        c->bytes = realloc(c->bytes, c->capacity);
    }
    ssize_t got = read(fd, c->bytes + c->size, c->capacity - c->size);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) { drop(fd); return; }
    c->size += (size_t)got;
    int served;
    while ((served = serve(fd, c)) > 0) {}
    if (served < 0) drop(fd);
}

static void make_answer(void) {
    char body[4096];
    size_t size = (size_t)snprintf(body, sizeof body,
        "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o\","
        "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"");
    for (int i = 1; i <= 12; i++)
        size += (size_t)snprintf(body + size, sizeof body - size, "Sentence %d of the answer says little, at length. ", i);
    size += (size_t)snprintf(body + size, sizeof body - size,
        "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":412,\"completion_tokens\":133,\"total_tokens\":545}}");
    answer_size = (size_t)snprintf(answer, sizeof answer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", size, body);
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1) events = atoi(argv[1]);
    make_answer();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096)
        || getsockname(listener, (void *)&address, &length)) { perror("upstream"); return 1; }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) { if (connections[fd]) take(fd); continue; }
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                if (fd >= max_connections) { close(fd); continue; }
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                connections[fd] = calloc(1, sizeof **connections);
                event = (struct epoll_event){.events = EPOLLIN, .data.fd = fd};
                epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}
