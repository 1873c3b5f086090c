// SPDX-License-Identifier: Apache-2.0
//
// Sends HTTP/1.1 requests at fixed times, whether or not the server keeps up, and measures each from the time at which it
// was due. So a server that stalls is charged for all the requests that waited meanwhile.
//
// usage: openloop PORT FILE RATE SECONDS CONNECTIONS
// FILE has requests separated by NUL, which are sent in turn. Prints the number of responses, how many were not 200, and
// the percentiles 50, 99, 99.9 and 100 in ms.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MOST_CONNECTIONS 4096
#define LONGEST_RESPONSE 65536

struct connection {
    int socket;
    double due;
    size_t length;
    char bytes[LONGEST_RESPONSE + 1];
};

struct message {
    const char *bytes;
    size_t length;
};

static struct connection *connections;
/// A ring, so that every connection is used in turn: the server closes those that send nothing.
static int idle[MOST_CONNECTIONS];
static size_t first_idle, idle_count;
static struct message *messages;
static size_t message_count, sent, done, failed;
static double *latencies;

static void end(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void read_messages(const char *path) {
    int file = open(path, O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status) < 0 || status.st_size == 0) end(path);
    char *bytes = malloc((size_t)status.st_size + 1);
    if (!bytes || read(file, bytes, (size_t)status.st_size) != status.st_size) end(path);
    bytes[status.st_size] = 0;
    for (char *at = bytes; at < bytes + status.st_size; at += strlen(at) + 1) message_count++;
    messages = calloc(message_count, sizeof *messages);
    if (!messages) end("calloc");
    size_t index = 0;
    for (char *at = bytes; at < bytes + status.st_size; at += strlen(at) + 1)
        messages[index++] = (struct message){at, strlen(at)};
    close(file);
}

static void add_idle(int index) {
    idle[(first_idle + idle_count++) % MOST_CONNECTIONS] = index;
}

static int take_idle(void) {
    int index = idle[first_idle];
    first_idle = (first_idle + 1) % MOST_CONNECTIONS;
    idle_count--;
    return index;
}

static void open_connection(int events, int port, int index) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, number = socket(AF_INET, SOCK_STREAM, 0);
    if (number < 0 || connect(number, (struct sockaddr *)&address, sizeof address) < 0) end("connect");
    setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(number, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    if (epoll_ctl(events, EPOLL_CTL_ADD, number, &event) < 0) end("epoll_ctl");
    connections[index].socket = number;
    add_idle(index);
}

/// Sends what is due, as long as a connection is free.
static void send_due(double begin, double interval, size_t count, double time) {
    while (sent < count && idle_count && begin + (double)sent * interval <= time) {
        struct connection *connection = &connections[take_idle()];
        const struct message *message = &messages[sent % message_count];
        connection->due = begin + (double)sent++ * interval;
        connection->length = 0;
        if (write(connection->socket, message->bytes, message->length) != (ssize_t)message->length) end("write");
    }
}

/// Whether a response is complete: the server promises its length.
static int is_complete(const struct connection *connection) {
    const char *body = strstr(connection->bytes, "\r\n\r\n");
    const char *length = strcasestr(connection->bytes, "\r\ncontent-length:");
    if (!body) return 0;
    size_t promised = length && length < body ? strtoul(length + 17, NULL, 10) : 0;
    return connection->length >= (size_t)(body + 4 - connection->bytes) + promised;
}

static void receive(int index) {
    struct connection *connection = &connections[index];
    ssize_t count = read(connection->socket, connection->bytes + connection->length, LONGEST_RESPONSE - connection->length);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) end("the server closed a connection");
    connection->length += (size_t)count;
    connection->bytes[connection->length] = 0;
    if (!is_complete(connection)) return;
    if (strncmp(connection->bytes, "HTTP/1.1 200", 12) != 0) failed++;
    latencies[done++] = now() - connection->due;
    add_idle(index);
}

static int ascending(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static double percentile(double share) {
    size_t index = (size_t)(share * (double)done);
    return latencies[index < done ? index : done - 1] * 1000;
}

int main(int argc, char **argv) {
    if (argc != 6) return fprintf(stderr, "usage: openloop PORT FILE RATE SECONDS CONNECTIONS\n"), 64;
    double rate = atof(argv[3]), seconds = atof(argv[4]);
    int open_count = atoi(argv[5]);
    if (rate <= 0 || seconds <= 0 || open_count < 1 || open_count > MOST_CONNECTIONS) return 64;
    read_messages(argv[2]);
    size_t count = (size_t)(rate * seconds) > 0 ? (size_t)(rate * seconds) : 1;
    latencies = calloc(count, sizeof *latencies);
    connections = calloc((size_t)open_count, sizeof *connections);
    int events = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    if (!latencies || !connections || events < 0 || timer < 0) end("start");
    prctl(PR_SET_TIMERSLACK, 1);
    for (int index = 0; index < open_count; index++) open_connection(events, atoi(argv[1]), index);
    struct epoll_event clock = {.events = EPOLLIN, .data.u32 = MOST_CONNECTIONS};
    epoll_ctl(events, EPOLL_CTL_ADD, timer, &clock);
    double begin = now(), interval = 1 / rate;
    while (done < count) {
        send_due(begin, interval, count, now());
        // An absolute time never misses: one in the past fires at once.
        double next = begin + (double)sent * interval;
        struct itimerspec alarm = {.it_value = {(time_t)next, (long)((next - (double)(time_t)next) * 1e9)}};
        if (sent == count || !idle_count) alarm = (struct itimerspec){0};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &alarm, NULL);
        struct epoll_event ready[64];
        int found = epoll_wait(events, ready, 64, 30000);
        if (found < 0 && errno != EINTR) end("epoll_wait");
        if (found == 0) return fprintf(stderr, "no response for 30 seconds\n"), 1;
        for (int index = 0; index < found; index++) {
            uint64_t fired;
            if (ready[index].data.u32 != MOST_CONNECTIONS)
                receive((int)ready[index].data.u32);
            else if (read(timer, &fired, sizeof fired) < 0 && errno != EAGAIN)
                end("timer");
        }
    }
    qsort(latencies, done, sizeof *latencies, ascending);
    printf("%zu %zu %.3f %.3f %.3f %.3f\n", done, failed, percentile(0.5), percentile(0.99), percentile(0.999), percentile(1));
    return 0;
}
