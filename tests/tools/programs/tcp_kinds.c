// SPDX-License-Identifier: Apache-2.0
/*
 * tcp_kinds KIND...: makes a TCP connection to itself on loopback in each of these ways, for the
 * tests of tcpconnect and tcpaccept.
 *   plain        connect and accept
 *   accept4      connect and accept4
 *   nonblocking  connect that does not wait
 *   ipv6         from ::1 to ::1
 *   mapped       IPv4 by IPv6 sockets
 *   fastopen     by sendto with MSG_FASTOPEN
 *   thread       by another thread than the first
 *   compat       by int $0x80 (x86 only): the syscalls of 32-bit programs
 *   socketcall   by int $0x80 and socketcall
 *   uring        by io_uring
 *   refused      to a port where nobody listens
 *   closed       to a listener that does not answer; closed before there is a result
 *   timeout      the same, until the kernel gives up, which takes 3 s
 * Prints for each "KIND PID TID CLIENT-PORT SERVER-PORT"; "KIND none" if this kernel has no such
 * way.
 *
 * tcp_kinds storm COUNT: COUNT plain connections, one after the other. Prints the same line once.
 * tcp_kinds hidden COUNT: the same, while another thread puts /dev/null in place of what accept
 * returns.
 */
#define _GNU_SOURCE /* accept4() */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOT_HERE (-1000)

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct kind {
	const char *name;
	const char *ipv6; /* the address to connect to; NULL: 127.0.0.1 */
	int (*connect)(int fd, const union address *address, socklen_t size);
	int (*accept)(int fd);
};

static int fail(const char *what)
{
	fprintf(stderr, "tcp_kinds: %s: %s\n", what, strerror(errno));
	exit(1);
}

static socklen_t make_address(union address *address, const char *ipv6)
{
	memset(address, 0, sizeof(*address));
	if (ipv6) {
		address->ipv6.sin6_family = AF_INET6;
		inet_pton(AF_INET6, ipv6, &address->ipv6.sin6_addr);
		return sizeof(address->ipv6);
	}
	address->ipv4.sin_family = AF_INET;
	address->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(address->ipv4);
}

static int port_of(int fd)
{
	union address address;
	socklen_t size = sizeof(address);

	if (getsockname(fd, &address.any, &size))
		return 0;
	return ntohs(address.any.sa_family == AF_INET6 ? address.ipv6.sin6_port :
							 address.ipv4.sin_port);
}

static int by_connect(int fd, const union address *address, socklen_t size)
{
	return connect(fd, &address->any, size);
}

static int by_nonblocking(int fd, const union address *address, socklen_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t length = sizeof(error);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (connect(fd, &address->any, size) && errno != EINPROGRESS)
		return -1;
	poll(&ready, 1, 10000);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	return error;
}

static int by_fastopen(int fd, const union address *address, socklen_t size)
{
	return sendto(fd, "x", 1, MSG_FASTOPEN, &address->any, size) == 1 ? 0 : -1;
}

static int by_accept(int fd)
{
	return accept(fd, NULL, NULL);
}

static int by_accept4(int fd)
{
	return accept4(fd, NULL, NULL, SOCK_CLOEXEC);
}

#if defined(__x86_64__)
#define COMPAT_SOCKETCALL 102
#define COMPAT_CONNECT	  362
#define COMPAT_ACCEPT4	  364
#define CALL_CONNECT	  3 /* include/uapi/linux/net.h */
#define CALL_ACCEPT	  5

struct low {
	union address address;
	uint32_t arguments[6];
};

/* Memory that a 32-bit pointer reaches. */
static struct low *low_memory(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int int80(long number, long first, long second, long third)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(first), "c"(second), "d"(third), "S"(0L), "D"(0L)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result == -ENOSYS ? NOT_HERE : (int)result;
}

static int by_compat_connect(int fd, const union address *address, socklen_t size)
{
	struct low *low = low_memory();

	if (!low)
		return NOT_HERE;
	low->address = *address;
	return int80(COMPAT_CONNECT, fd, (long)&low->address, size);
}

static int by_compat_accept(int fd)
{
	return int80(COMPAT_ACCEPT4, fd, 0, 0);
}

static int by_socketcall(int fd, const union address *address, socklen_t size)
{
	struct low *low = low_memory();

	if (!low)
		return NOT_HERE;
	low->address = *address;
	low->arguments[0] = (uint32_t)fd;
	low->arguments[1] = (uint32_t)(uintptr_t)&low->address;
	low->arguments[2] = size;
	return int80(COMPAT_SOCKETCALL, CALL_CONNECT, (long)low->arguments, 0);
}

static int by_socketcall_accept(int fd)
{
	struct low *low = low_memory();

	if (!low)
		return NOT_HERE;
	low->arguments[0] = (uint32_t)fd;
	return int80(COMPAT_SOCKETCALL, CALL_ACCEPT, (long)low->arguments, 0);
}
#else
static int by_compat_connect(int fd, const union address *address, socklen_t size)
{
	(void)fd, (void)address, (void)size;
	return NOT_HERE;
}

static int by_compat_accept(int fd)
{
	(void)fd;
	return NOT_HERE;
}

#define by_socketcall	     by_compat_connect
#define by_socketcall_accept by_compat_accept
#endif

/* Does one request on a ring of its own. */
static int by_ring(const struct io_uring_sqe *request)
{
	struct io_uring_params parameters = {};
	int fd = (int)syscall(__NR_io_uring_setup, 4, &parameters), result;
	char *submissions, *completions, *entries;

	if (fd < 0)
		return NOT_HERE;
	submissions = mmap(NULL, parameters.sq_off.array + 64, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, IORING_OFF_SQ_RING);
	completions = mmap(NULL, parameters.cq_off.cqes + 64 * 16, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, IORING_OFF_CQ_RING);
	entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	memcpy(entries, request, sizeof(*request));
	*(uint32_t *)(submissions + parameters.sq_off.array) = 0;
	__atomic_store_n((uint32_t *)(submissions + parameters.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		return NOT_HERE;
	result = ((struct io_uring_cqe *)(completions + parameters.cq_off.cqes))->res;
	close(fd);
	return result == -EINVAL ? NOT_HERE : result;
}

static int by_uring_connect(int fd, const union address *address, socklen_t size)
{
	return by_ring(&(struct io_uring_sqe){
		.opcode = IORING_OP_CONNECT, .fd = fd, .addr = (uintptr_t)address, .off = size });
}

static int by_uring_accept(int fd)
{
	return by_ring(&(struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = fd });
}

static const struct kind kinds[] = {
	{ "plain", NULL, by_connect, by_accept },
	{ "accept4", NULL, by_connect, by_accept4 },
	{ "nonblocking", NULL, by_nonblocking, by_accept },
	{ "ipv6", "::1", by_connect, by_accept },
	{ "mapped", "::ffff:127.0.0.1", by_connect, by_accept },
	{ "fastopen", NULL, by_fastopen, by_accept },
	{ "thread", NULL, by_connect, by_accept },
	{ "compat", NULL, by_compat_connect, by_compat_accept },
	{ "socketcall", NULL, by_socketcall, by_socketcall_accept },
	{ "uring", NULL, by_uring_connect, by_uring_accept },
	{},
};

static int make_listener(union address *address, const char *ipv6, int backlog)
{
	socklen_t size = make_address(address, ipv6);
	int fd = socket(address->any.sa_family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, &address->any, size) || listen(fd, backlog))
		fail("can't listen");
	if (getsockname(fd, &address->any, &size))
		fail("getsockname");
	return fd;
}

static void say(const char *name, int client, int server)
{
	printf("%s %d %d %d %d\n", name, getpid(), (int)syscall(SYS_gettid), client, server);
	fflush(stdout);
}

static void connect_by(const struct kind *kind)
{
	union address address;
	int listener = make_listener(&address, kind->ipv6, 16);
	int client = socket(address.any.sa_family, SOCK_STREAM, 0), accepted, err;

	err = kind->connect(client, &address,
			    kind->ipv6 ? sizeof(address.ipv6) : sizeof(address.ipv4));
	accepted = err ? err : kind->accept(listener);
	if (err == NOT_HERE || accepted == NOT_HERE)
		printf("%s none\n", kind->name);
	else if (accepted < 0)
		fail(kind->name);
	else
		say(kind->name, port_of(client), port_of(listener));
	fflush(stdout);
	close(accepted);
	close(client);
	close(listener);
}

static void *in_thread(void *kind)
{
	connect_by(kind);
	return NULL;
}

static void connect_in_thread(const struct kind *kind)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, in_thread, (void *)kind))
		fail("pthread_create");
	pthread_join(thread, NULL);
}

/* The port is taken, but nobody listens. */
static void be_refused(void)
{
	union address address;
	socklen_t size = make_address(&address, NULL);
	int holder = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(holder, &address.any, size) || getsockname(holder, &address.any, &size))
		fail("bind");
	if (!connect(client, &address.any, size) || errno != ECONNREFUSED)
		fail("connect was not refused");
	say("refused", 0, port_of(holder));
	close(holder);
	close(client);
}

/* A listener whose queue is full lets a SYN go without an answer. */
static void get_no_answer(const char *name, int wait)
{
	union address address;
	int listener = make_listener(&address, NULL, 0), filler, client, retries = 1;

	for (filler = 0; filler < 2; filler++) {
		client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(client, &address.any, sizeof(address.ipv4));
	}
	client = socket(AF_INET, SOCK_STREAM | (wait ? 0 : SOCK_NONBLOCK), 0);
	setsockopt(client, IPPROTO_TCP, TCP_SYNCNT, &retries, sizeof(retries));
	connect(client, &address.any, sizeof(address.ipv4));
	say(name, port_of(client), port_of(listener));
	close(client);
	close(listener);
}

static int target; /* what accept returns, unless something is there already */

static void *hide(void *arg)
{
	int nothing = open("/dev/null", O_RDONLY);

	for (;;)
		dup2(nothing, target);
	return arg;
}

static void start_to_hide(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, hide, NULL))
		fail("pthread_create");
	pthread_detach(thread);
}

/* A connection that ends by a reset leaves no port behind that is taken for a minute. */
static int connect_to(const union address *address)
{
	struct linger reset = { .l_onoff = 1 };
	int client = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(client, &address->any, sizeof(address->ipv4)))
		fail("connect");
	return client;
}

static void connect_often(const char *name, unsigned long count)
{
	union address address;
	int listener = make_listener(&address, NULL, 16), client, accepted;

	say(name, 0, port_of(listener));
	target = dup(listener);
	if (!strcmp(name, "hidden"))
		start_to_hide();
	while (count--) {
		client = connect_to(&address);
		close(target);
		accepted = accept(listener, NULL, NULL);
		close(client);
		/* The target stays taken, so that no client gets its number. */
		if (accepted != target)
			close(accepted);
	}
}

static void make(const char *name)
{
	const struct kind *kind;

	for (kind = kinds; kind->name && strcmp(kind->name, name); kind++)
		;
	if (!strcmp(name, "thread"))
		connect_in_thread(kind);
	else if (kind->name)
		connect_by(kind);
	else if (!strcmp(name, "refused"))
		be_refused();
	else
		get_no_answer(name, !strcmp(name, "timeout"));
}

int main(int argc, char **argv)
{
	if (argc == 3 && (!strcmp(argv[1], "storm") || !strcmp(argv[1], "hidden")))
		connect_often(argv[1], strtoul(argv[2], NULL, 10));
	else
		while (*++argv)
			make(*argv);
	return 0;
}
