import { BOOT_SECONDS, withGuest } from '../guest.mjs';

const LIMIT_SECONDS = 60;
const MEBIBYTES = 256;
const PINGS = 500;
const PORT = 5000;
const SERVER = '10.0.0.1';
const SENT = '/sys/class/net/eth0/statistics/tx_bytes';

/** Kernel words that make the Debian guest run commands and power off. */
const running = (commands) =>
  `quiet qvm.run=${[...commands, 'poweroff -f'].map((command) => command.replaceAll(' ', '+')).join(',')}`;

/**
 * Two guests with Debian's virtio_net at one switch: a stream of TCP, and how long a small packet takes there and back. `nc` hands its
 * connection to `dd`: its own loop moves 1 KiB at a time, and ends the connection when its standard input has none.
 */
export function networkTransfer({ linux, commandLine, divisor }) {
  const mebibytes = Math.max(1, Math.round(MEBIBYTES / divisor));
  const server = [`ifconfig eth0 ${SERVER} up`, `nc -l -p ${PORT} -e dd of=/dev/null bs=64k`];
  const client = [
    'ifconfig eth0 10.0.0.2 up',
    `until ping -c 1 -w 1 ${SERVER} >/dev/null; do :; done`,
    `ping -c ${Math.round(PINGS / divisor)} -A -q ${SERVER}`,
    `time -f NET:%e nc ${SERVER} ${PORT} -e dd if=/dev/zero bs=64k count=${16 * mebibytes}`,
    `echo SENT:$(cat ${SENT})`,
    'echo NET-DONE',
  ];
  const guests = [server, client].map((commands) => ({ ...linux, commandLine: `${commandLine} ${running(commands)}` }));
  return async (side, figures) =>
    withAll(side.network(guests), async (processes) => {
      const text = await processes.at(-1).waitFor('RUN echo NET-DONE', BOOT_SECONDS + LIMIT_SECONDS);
      const seconds = Number(/NET:([\d.]+)/.exec(text)?.[1]);
      const [, average] = /= [\d.]+\/([\d.]+)\/[\d.]+ ms/.exec(text) ?? [];
      const sent = Number(/SENT:(\d+)/.exec(text)?.[1]);
      if (!(seconds > 0) || average === undefined) throw new Error(`no figures:\n${text}`);
      if (!(sent >= mebibytes << 20)) throw new Error(`only ${sent} bytes were sent:\n${text}`);
      const add = (name, unit, value) => figures.add(side, { group: 'network', name, unit }, value);
      add('TCP, one stream', 'MB/s', (mebibytes * 1.048576) / seconds);
      add('there and back, mean', 'ms', Number(average));
      await Promise.all(processes.map((process) => process.end(LIMIT_SECONDS)));
    });
}

/** Nests {@link withGuest} over several commands. */
function withAll([command, ...rest], measure, guests = []) {
  if (command === undefined) return measure(guests);
  return withGuest(command, (guest) => withAll(rest, measure, [...guests, guest]));
}
