/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Writes through io_uring, for which no syscall is made. They are seen when they complete: the
 * kernel knows then how many bytes it took and which file it used. A request that asked for no
 * completion is seen when it is submitted. Before including this, define
 * wants_file(write, file, pid), and include linux/io_uring_types.h before prelude.bpf.h.
 */
#ifdef HAVE_IO_REQUEST

/* include/uapi/linux/io_uring.h; older headers lack the last one. */
enum {
	IO_WRITEV = 2,
	IO_WRITE_FIXED = 5,
	IO_WRITE = 23,
	IO_WRITEV_FIXED = 61,
};
#define IO_FIXED_FILE	 (1 << 0) /* IOSQE_FIXED_FILE */
#define IO_NO_COMPLETION (1 << 6) /* IOSQE_CQE_SKIP_SUCCESS */

/* struct io_rw in io_uring/rw.c, at the start of a request; it has not changed since 6.0. */
struct io_write_request {
	struct kiocb kiocb;
	u64 address;
	u32 size;
};

static __always_inline bool find_io_write(struct io_kiocb *request, struct write *write)
{
	struct io_write_request *arguments = (void *)request;
	u32 operation = READ(request->opcode);
	u64 address;

	if (operation != IO_WRITE && operation != IO_WRITE_FIXED && operation != IO_WRITEV &&
	    operation != IO_WRITEV_FIXED)
		return false;
	address = READ(arguments->address);
	if (operation == IO_WRITE || operation == IO_WRITE_FIXED)
		write->address = address;
	else
		write->segments = address;
	return true;
}

/* raw tracepoint io_uring_complete(ring, request, ...) */
int on_io_complete(struct bpf_raw_tracepoint_args *ctx)
{
	struct io_kiocb *request = (void *)ctx->args[1];
	struct write write = { .fd = WRITTEN_NO_FD };
	u64 ids = my_ids();
	s32 ret;

	if (!request || !find_io_write(request, &write))
		return 0;
	ret = READ(request->cqe.res);
	if (ret <= 0 || !wants_file(&write, READ(request->file), ids >> 32))
		return 0;
	return copy_write(ctx, &write, ids, ret, COPIER_RAW);
}

/* raw tracepoint io_uring_submit_req(request), io_uring_submit_sqe before 6.4 */
int on_io_submit(struct bpf_raw_tracepoint_args *ctx)
{
	struct io_kiocb *request = (void *)ctx->args[0];
	struct io_write_request *arguments = (void *)request;
	struct write write = { .is_doubtful = 1 };
	u64 flags = READ(request->flags), ids;

	if (!(flags & IO_NO_COMPLETION) || (flags & IO_FIXED_FILE) ||
	    !find_io_write(request, &write) || write.segments)
		return 0;
	ids = my_ids();
	write.fd = READ(request->cqe.fd);
	if (!wants_file(&write, file_of_descriptor(write.fd), ids >> 32))
		return 0;
	return copy_write(ctx, &write, ids, READ(arguments->size), COPIER_RAW);
}
#endif
