/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nacre_tsm: configfs-tsm reports from a host process, for development.
 *
 * Each report request goes over a virtio console (hvc0) to softpsp, which answers with a report in
 * SEV-SNP's format. The bytes on the console are written down in docs/formats/tsm-console.md. The
 * host chooses every byte of an answer, nothing of it is measured; a production kernel does not
 * contain this file.
 *
 * Towards user space it looks like sev-guest: same provider name, same attributes. The console is
 * opened by the kernel alone (user space gets EBUSY), and input bypasses the line discipline, so no
 * terminal setting touches the bytes.
 *
 * Life of the channel: CLOSED until the first request; OPEN while every answer fits its request;
 * DEAD for good after a timeout, an interruption, or bytes that nobody asked for, since a late
 * answer must never pass for the next one.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cc_platform.h>
#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tsm.h>
#include <linux/tty.h>
#include <linux/tty_port.h>
#include <linux/unaligned.h>
#include <linux/wait.h>

#define CONSOLE "hvc0"

/* Request: u8 privlevel, u8 inblob length, inblob padded to TSM_INBLOB_MAX. */
#define REQUEST_LEN (2 + TSM_INBLOB_MAX)

/* Answer: le32 outblob length, le32 auxblob length, outblob, auxblob. */
#define ANSWER_HEADER 8
#define AUXBLOB_MAX TSM_OUTBLOB_MAX
#define ANSWER_MAX (ANSWER_HEADER + TSM_OUTBLOB_MAX + AUXBLOB_MAX)

/* Where a SEV-SNP report repeats the 64 bytes of the request. */
#define REPORT_DATA_AT 0x50

/* The console may appear a moment after PID 1 starts; the host process may connect later still. */
#define CONSOLE_WAIT_MS 2000
#define CONSOLE_POLL_MS 10
#define ANSWER_WAIT_MS 10000
#define RESEND_MS 1000

enum channel_state { CLOSED, OPEN, DEAD };

struct channel {
	struct mutex lock;		/* one request at a time; guards all but the input fields */
	enum channel_state state;
	struct tty_struct *tty;
	bool answered;			/* the host process has answered once, so it is there */
	unsigned int owed;		/* more answers to the first request may come: it was sent again */
	u8 first[TSM_INBLOB_MAX];	/* what the first request asked for */

	spinlock_t input_lock;		/* guards the fields below */
	wait_queue_head_t input_wait;
	u8 *input;			/* ANSWER_MAX bytes, of which input_len came from the host */
	size_t input_len;
	bool overrun;			/* more came than any answer can have */
};

static struct channel channel = {
	.lock = __MUTEX_INITIALIZER(channel.lock),
	.input_lock = __SPIN_LOCK_UNLOCKED(channel.input_lock),
	.input_wait = __WAIT_QUEUE_HEAD_INITIALIZER(channel.input_wait),
};

/* Called by the tty layer with bytes from the host; takes all of them. */
static size_t channel_receive(struct tty_port *port, const u8 *bytes, const u8 *flags, size_t count)
{
	struct channel *ch = port->client_data;

	scoped_guard(spinlock, &ch->input_lock) {
		size_t room = ANSWER_MAX - ch->input_len;

		memcpy(ch->input + ch->input_len, bytes, min(count, room));
		ch->input_len += min(count, room);
		if (count > room)
			ch->overrun = true;
	}
	wake_up(&ch->input_wait);
	return count;
}

static void channel_write_wakeup(struct tty_port *port)
{
}

static const struct tty_port_client_operations channel_ops = {
	.receive_buf = channel_receive,
	.write_wakeup = channel_write_wakeup,
};

static size_t channel_input_len(struct channel *ch)
{
	guard(spinlock)(&ch->input_lock);
	return ch->input_len;
}

/* Drop the first len bytes of the input. */
static void channel_consume(struct channel *ch, size_t len)
{
	guard(spinlock)(&ch->input_lock);
	ch->input_len -= len;
	memmove(ch->input, ch->input + len, ch->input_len);
}

/* Open the console for the kernel: -ENODEV while there is none, -EBUSY when user space has it. */
static int channel_open_tty(struct channel *ch)
{
	const struct tty_port_client_operations *old_ops;
	struct tty_struct *tty;
	dev_t number;
	int ret;

	ret = tty_dev_name_to_number(CONSOLE, &number);
	if (ret)
		return ret;
	tty = tty_kopen_exclusive(number);
	if (IS_ERR(tty))
		return PTR_ERR(tty);

	old_ops = tty->port->client_ops;
	tty->port->client_data = ch;
	tty->port->client_ops = &channel_ops;
	ret = tty->ops->open(tty, NULL);
	if (ret) {
		tty->ops->close(tty, NULL);
		tty->port->client_ops = old_ops;
		tty->port->client_data = NULL;
	}
	tty_unlock(tty);
	if (ret) {
		tty_kclose(tty);
		return ret;
	}
	ch->tty = tty;
	return 0;
}

static int channel_open(struct channel *ch)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(CONSOLE_WAIT_MS);
	int ret;

	if (!ch->input)
		ch->input = kvzalloc(ANSWER_MAX, GFP_KERNEL);
	if (!ch->input)
		return -ENOMEM;
	do {
		ret = channel_open_tty(ch);
		if (ret != -ENODEV)
			return ret;
		msleep(CONSOLE_POLL_MS);
	} while (time_before(jiffies, deadline) && !fatal_signal_pending(current));
	pr_err("no console " CONSOLE "\n");
	return ret;
}

static int channel_send(struct channel *ch, const struct tsm_desc *desc)
{
	u8 request[REQUEST_LEN] = { desc->privlevel, desc->inblob_len };

	memcpy(request + 2, desc->inblob, desc->inblob_len);
	return ch->tty->ops->write(ch->tty, request, sizeof(request)) == sizeof(request) ? 0 : -EIO;
}

/*
 * What the input starts with: a whole answer (its length), the beginning of one (-EAGAIN), or
 * something that can be none (-EPROTO).
 */
static ssize_t channel_answer_len(struct channel *ch)
{
	size_t have, outblob_len, auxblob_len;

	guard(spinlock)(&ch->input_lock);
	have = ch->input_len;
	if (ch->overrun)
		return -EPROTO;
	if (have < ANSWER_HEADER)
		return -EAGAIN;
	outblob_len = get_unaligned_le32(ch->input);
	auxblob_len = get_unaligned_le32(ch->input + 4);
	if (outblob_len > TSM_OUTBLOB_MAX || auxblob_len > AUXBLOB_MAX || (!outblob_len && auxblob_len))
		return -EPROTO;
	if (have < ANSWER_HEADER + outblob_len + auxblob_len)
		return -EAGAIN;
	return ANSWER_HEADER + outblob_len + auxblob_len;
}

/* Is the answer at the front one more to the first request, which was sent more than once? */
static bool channel_answer_is_owed(const struct channel *ch, const struct tsm_desc *desc)
{
	if (!ch->owed || get_unaligned_le32(ch->input) < REPORT_DATA_AT + TSM_INBLOB_MAX)
		return false;
	return !memcmp(ch->input + ANSWER_HEADER + REPORT_DATA_AT, ch->first, sizeof(ch->first)) &&
	       memcmp(desc->inblob, ch->first, sizeof(ch->first));
}

/* Wait at most ms for a whole answer. Returns as channel_answer_len, or -ERESTARTSYS. */
static ssize_t channel_wait(struct channel *ch, unsigned int ms)
{
	ssize_t len = -EAGAIN;
	long left;

	left = wait_event_killable_timeout(ch->input_wait, (len = channel_answer_len(ch)) != -EAGAIN,
					   msecs_to_jiffies(ms));
	return left < 0 ? left : len;
}

/*
 * The first request may be lost, since QEMU drops what is written to a console that nobody has
 * connected to: it is sent again as long as not one byte came back.
 */
static ssize_t channel_wait_first(struct channel *ch, const struct tsm_desc *desc)
{
	ssize_t len;
	int ret;

	memcpy(ch->first, desc->inblob, sizeof(ch->first));
	for (unsigned int waited = RESEND_MS; waited < ANSWER_WAIT_MS; waited += RESEND_MS) {
		len = channel_wait(ch, RESEND_MS);
		if (len != -EAGAIN)
			return len;
		if (channel_input_len(ch))
			return channel_wait(ch, ANSWER_WAIT_MS - waited);
		ret = channel_send(ch, desc);
		if (ret)
			return ret;
		ch->owed++;
	}
	return channel_wait(ch, RESEND_MS);
}

static ssize_t channel_wait_next(struct channel *ch, const struct tsm_desc *desc)
{
	unsigned long deadline = jiffies + msecs_to_jiffies(ANSWER_WAIT_MS);

	for (long left = deadline - jiffies; left > 0; left = deadline - jiffies) {
		ssize_t len = channel_wait(ch, jiffies_to_msecs(left));

		if (len < 0 || !channel_answer_is_owed(ch, desc))
			return len;
		ch->owed--;
		channel_consume(ch, len);
	}
	return -EAGAIN;
}

/* Move the answer at the front of the input, len bytes, into the report. */
static int channel_take(struct channel *ch, size_t len, struct tsm_report *report)
{
	size_t outblob_len = get_unaligned_le32(ch->input);
	size_t auxblob_len = get_unaligned_le32(ch->input + 4);
	u8 *outblob __free(kvfree) = NULL;
	u8 *auxblob __free(kvfree) = NULL;

	if (outblob_len) {
		outblob = kvmemdup(ch->input + ANSWER_HEADER, outblob_len, GFP_KERNEL);
		if (!outblob)
			return -ENOMEM;
	}
	if (auxblob_len) {
		auxblob = kvmemdup(ch->input + ANSWER_HEADER + outblob_len, auxblob_len, GFP_KERNEL);
		if (!auxblob)
			return -ENOMEM;
	}
	channel_consume(ch, len);
	if (!outblob_len)
		return -EIO;
	report->outblob_len = outblob_len;
	report->outblob = no_free_ptr(outblob);
	report->auxblob_len = auxblob_len;
	report->auxblob = no_free_ptr(auxblob);
	return 0;
}

/* Nothing may be waiting when a request starts but answers to a first one sent more than once. */
static int channel_check_quiet(struct channel *ch)
{
	return channel_input_len(ch) && !ch->owed ? -EPROTO : 0;
}

/* One request and its answer; any failure but the host's refusal leaves the channel unusable. */
static ssize_t channel_ask(struct channel *ch, const struct tsm_desc *desc)
{
	ssize_t len;
	int ret;

	ret = channel_check_quiet(ch);
	if (ret)
		return ret;
	ret = channel_send(ch, desc);
	if (ret)
		return ret;
	len = ch->answered ? channel_wait_next(ch, desc) : channel_wait_first(ch, desc);
	return len == -EAGAIN ? -ETIMEDOUT : len;
}

static int nacre_tsm_report_new(struct tsm_report *report, void *data)
{
	struct channel *ch = data;
	ssize_t len;
	int ret;

	if (report->desc.inblob_len != TSM_INBLOB_MAX)
		return -EINVAL;

	guard(mutex)(&ch->lock);
	if (ch->state == DEAD)
		return -EIO;
	if (ch->state == CLOSED) {
		ret = channel_open(ch);
		if (ret)
			return ret;
		ch->state = OPEN;
	}
	len = channel_ask(ch, &report->desc);
	if (len < 0) {
		pr_err("no usable answer on " CONSOLE " (%zd): no more reports\n", len);
		ch->state = DEAD;
		return len;
	}
	ch->answered = true;
	return channel_take(ch, len, report);
}

/* The attributes that sev-guest shows at VMPL 0. */
static bool nacre_tsm_attr_visible(int n)
{
	return n == TSM_REPORT_GENERATION || n == TSM_REPORT_PROVIDER || n == TSM_REPORT_PRIVLEVEL ||
	       n == TSM_REPORT_PRIVLEVEL_FLOOR;
}

static bool nacre_tsm_bin_attr_visible(int n)
{
	return n == TSM_REPORT_INBLOB || n == TSM_REPORT_OUTBLOB || n == TSM_REPORT_AUXBLOB;
}

static const struct tsm_ops nacre_tsm_ops = {
	.name = "sev_guest",
	.report_new = nacre_tsm_report_new,
	.report_attr_visible = nacre_tsm_attr_visible,
	.report_bin_attr_visible = nacre_tsm_bin_attr_visible,
};

static int __init nacre_tsm_init(void)
{
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return -ENODEV;
	pr_warn("DEVELOPMENT KERNEL: reports come from a host process, not from hardware\n");
	return tsm_register(&nacre_tsm_ops, &channel);
}
device_initcall(nacre_tsm_init);
