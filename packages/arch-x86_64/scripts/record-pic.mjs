// Records the answers of the 8259A pair of QEMU's machine `pc` to random accesses, for src/apic/pic/pic-qemu.test.ts:
//
//     node packages/arch-x86_64/scripts/record-pic.mjs > packages/arch-x86_64/testdata/pic-qemu.txt
//
// A line is a step: `w PORT VALUE` (write), `r PORT VALUE` (read, with the answer), `l INTERRUPT LEVEL` (line); `new`
// begins a sequence. Ports and values are hexadecimal. QEMU's test protocol has the accesses; the processor stands still.
// Left out, because QEMU differs from the datasheet: special mask mode, special fully nested mode, automatic ends of the
// second 8259A (its INT does not fall when it is acknowledged), ICW1 and changes of the ELCR while lines are high.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SEQUENCES = 40;
const STEPS = 120;
const MASTER = 0x20;
const SLAVE = 0xa0;
const CASCADE = 2;

/** A repeatable source of numbers of 24 bits. */
let seed = 20_261_130;
function random(limit) {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
  return (seed >>> 8) % limit;
}

const folder = mkdtempSync(join(tmpdir(), 'record-pic-'));
const qmpSocket = join(folder, 'qmp');
const machine = ['-machine', 'pc', '-accel', 'tcg', '-S', '-nodefaults', '-display', 'none'];
const qemu = spawn(
  'qemu-system-x86_64',
  [...machine, '-qtest', 'stdio', '-qtest-log', 'none', '-qmp', `unix:${qmpSocket},server=on,wait=off`],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
const answers = createInterface({ input: qemu.stdout })[Symbol.asyncIterator]();

async function nextLine(lines) {
  const { value, done } = await lines.next();
  if (done) throw new Error('QEMU has ended');
  return value;
}

async function ask(command) {
  qemu.stdin.write(`${command}\n`);
  for (;;) {
    const answer = await nextLine(answers);
    if (answer.startsWith('OK')) return answer.split(' ')[1];
    if (/^(FAIL|ERR)/.test(answer)) throw new Error(`${command}: ${answer}`);
  }
}

/** The paths of the two 8259A, found by QMP. */
async function findPics() {
  await ask('inb 0x21');
  const socket = connect(qmpSocket);
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  await nextLine(lines);
  const call = async (execute, args) => {
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    for (;;) {
      const answer = JSON.parse(await nextLine(lines));
      if (answer.error !== undefined) throw new Error(`${execute}: ${answer.error.desc}`);
      if (answer.return !== undefined) return answer.return;
    }
  };
  await call('qmp_capabilities', {});
  const parent = '/machine/unattached';
  const found = {};
  for (const { name, type } of await call('qom-list', { path: parent })) {
    if (!type.includes('i8259')) continue;
    const path = `${parent}/${name}`;
    found[(await call('qom-get', { path, property: 'master' })) ? 'master' : 'slave'] = path;
  }
  socket.end();
  return found;
}

const pics = await findPics();
const record = [];

async function write(port, value) {
  await ask(`outb 0x${port.toString(16)} 0x${value.toString(16)}`);
  record.push(`w ${port.toString(16)} ${value.toString(16)}`);
}

async function read(port) {
  const value = Number(await ask(`inb 0x${port.toString(16)}`));
  record.push(`r ${port.toString(16)} ${value.toString(16)}`);
}

async function line(interrupt, level) {
  const path = interrupt < 8 ? pics.master : pics.slave;
  await ask(`set_irq_in ${path} unnamed-gpio-in ${interrupt & 7} ${level}`);
  record.push(`l ${interrupt} ${level}`);
}

async function begin(index) {
  for (let interrupt = 0; interrupt < 16; interrupt++) if (interrupt !== CASCADE) await line(interrupt, 0);
  record.push('new');
  const autoEoi = index % 4 === 3 ? 2 : 0;
  for (const [port, base, icw3] of [
    [MASTER, 0x08, 4],
    [SLAVE, 0x70, 2],
  ]) {
    // Requests of the last sequence go with the first ICW1.
    const elcr = port === MASTER ? 0x4d0 : 0x4d1;
    await write(elcr, 0);
    await write(port, 0x11);
    await write(elcr, random(256));
    await write(port, 0x11);
    for (const value of [base, icw3, port === MASTER ? 1 | autoEoi : 1, 0]) await write(port + 1, value);
    await write(port, 0x0a);
  }
}

async function showRegisters(port) {
  for (const select of [0x0a, 0x0b]) {
    await write(port, select);
    await read(port);
  }
  await read(port + 1);
}

async function step() {
  const port = random(2) === 0 ? MASTER : SLAVE;
  const kind = random(20);
  if (kind < 8) {
    const interrupt = random(16);
    if (interrupt !== CASCADE) await line(interrupt, random(2));
  } else if (kind < 12) {
    await write(port, 0x0c);
    await read(port);
  } else if (kind < 15) await write(port, 0x20);
  else if (kind < 17) await write(port + 1, random(256) & random(256));
  else await write(port, [0x60, 0xc0, 0xa0, 0xe0, 0x40, 0x80, 0x00][random(7)] | random(8));
  if (random(3) === 0) await showRegisters(port);
}

for (let index = 0; index < SEQUENCES; index++) {
  await begin(index);
  for (let count = 0; count < STEPS; count++) await step();
  await showRegisters(MASTER);
  await showRegisters(SLAVE);
}
process.stdout.write(`${record.join('\n')}\n`);
qemu.kill();
rmSync(folder, { recursive: true });
