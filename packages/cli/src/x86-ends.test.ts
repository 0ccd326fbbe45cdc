import { elfProgram } from '@qvm/testing';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Workspace, type Outcome } from './run-qvm.test.helper.js';

/* x86_64 guests that can never go on end their VM, with words and registers. */

const space = new Workspace();
afterAll(() => space.dispose());

const ORIGIN = 0x10_0000;

/** Runs a program of 64-bit code. */
function run(name: string, code: string, ...args: readonly string[]): Promise<Outcome> {
  space.write(`${name}.elf`, elfProgram('x86_64', ORIGIN, Buffer.from(code.replaceAll(' ', ''), 'hex')));
  space.write(`${name}.qvmconf`, `system ${name}\nram 16M\nload ${name}.elf\n`);
  return space.qvm(['start', '--alone', `${name}.qvmconf`, ...args], { input: '' });
}

/** mov eax, 0x1234; lidt [rip + 2]; ud2; an empty table */
const TRIPLE_FAULT = 'b8 34 12 00 00 0f 01 1d 02 00 00 00 0f 0b 00 00 00 00 00 00 00 00 00 00';
const REPORT =
  /vCPU 0 shuts down at 0x10000c by a triple fault: invalid opcode, general protection, double fault, general protection; .* rip 0x10000c .* rax 0x1234 /;

describe('an x86_64 guest', () => {
  it('that shuts down ends its VM with exit code 5, registers and a core dump', async () => {
    const { exitCode, stdout, stderr } = await run('triple', TRIPLE_FAULT, '--dump', space.folder);
    expect([exitCode, stdout]).toEqual([5, '']);
    expect(stderr).toMatch(REPORT);
    const [core = ''] = readdirSync(space.folder).filter((file) => file.endsWith('.gcore'));
    expect(stderr).toContain(core);
    const { status, stdout: header } = spawnSync('readelf', ['-h', '-n', join(space.folder, core)], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(header).toMatch(/Advanced Micro Devices X86-64[^]*NT_PRSTATUS/);
  });

  it('that shuts down boots again with --restart, until it did too often', async () => {
    const { exitCode, stderr } = await run('again', TRIPLE_FAULT, '--restart', '--reset-limit', '2');
    expect(exitCode).toBe(4);
    expect(stderr.match(new RegExp(REPORT, 'g'))).toHaveLength(2);
    expect(stderr).toContain('reset its machine 3 times in a row');
  });

  it('that halts with interrupts off ends its VM with exit code 5 and registers', async () => {
    // mov eax, 0x77; cli; hlt
    const { exitCode, stderr } = await run('halted', 'b8 77 00 00 00 fa f4');
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/vCPU 0 halted with interrupts off before 0x100007: .* rax 0x77 /);
  });
});
