import type { GivenOptions } from '@qvm/testing';
import { MemoryPool } from '@qvm/core/services';
import { LocalSharedMemory } from '../registry/local-shared-memory.js';
import { INTERRUPT, log, runAll, SmallGuest } from './small-guest.test.helper.js';

const ATTACH = 0xc600_0100;
const NOTIFY = 0x8600_0101;
const DETACH = 0xc600_0102;
const FEATURES = 0x8600_0000;

const SUCCESS = 0n;
const error = (code: bigint): bigint => BigInt.asUintN(64, code);
const NOT_SUPPORTED = error(-1n);
const INVALID_PARAMETER = error(-3n);
const ILLEGAL_NAME = error(-20n);
const NO_PERMISSION = error(-21n);
const DOES_NOT_EXIST = error(-22n);

/** A call; X0 is logged. An argument is a number, or the name of a register. */
function call(id: number, args: readonly (bigint | string)[] = []): string {
  const set = args.map((value, n) =>
    typeof value === 'string' ? `mov x${n + 1}, ${value}\n` : `ldr x${n + 1}, =${value}\n`,
  );
  return `${set.join('')} ldr x0, =${id}\n hvc #0\n ${log(0)}`;
}

/** The registers for a name of up to eight characters. */
const nameOf = (text: string): readonly bigint[] => [
  [...text].reduceRight((value, character) => (value << 8n) | BigInt(character.charCodeAt(0)), 0n),
  0n,
  0n,
  0n,
];

async function run(
  source: string,
  options: GivenOptions = {},
): Promise<{ readonly guest: SmallGuest; readonly registry: LocalSharedMemory }> {
  const memory = new MemoryPool();
  const registry = new LocalSharedMemory(memory);
  const guest = await SmallGuest.boot({ name: 'a', source, options }, { memory, registry });
  await runAll([guest]);
  expect(guest.exit?.exitCode).toBe(0);
  return { guest, registry };
}

describe('shared memory by hypervisor calls', () => {
  it('is attached to, used, rung and left', async () => {
    const { guest, registry } = await run(`
      ${call(FEATURES, [BigInt(ATTACH)])} ${call(ATTACH, [...nameOf('region'), 0x2000n])}
      mov x21, x1\n mov x22, x2\n ${log(2)} ${log(3)}
      add x23, x21, #0x1000\n mov x4, #77\n str x4, [x23]\n ldr x5, [x23]\n ${log(5)}
      ldr w6, [x21, #4]\n ${log(6)}
      ${call(ATTACH, [...nameOf('region'), 0n])} mov x24, x1\n add x25, x24, #0x1000\n ldr x5, [x25]\n ${log(5)}
      ${call(NOTIFY, ['x21', 2n])} dsb sy\n ${call(DETACH, ['x21'])} ${call(DETACH, ['x21'])} ${call(NOTIFY, ['x21', 1n])}
      ${call(NOTIFY, ['x24', 0x1_0000n])} ldr x5, [x25]\n ${log(5)}`);
    expect(guest.log).toEqual([
      ...[SUCCESS, SUCCESS, 0x2000n, BigInt(INTERRUPT), 77n, 0n],
      ...[SUCCESS, 77n, SUCCESS, SUCCESS, INVALID_PARAMETER, INVALID_PARAMETER, INVALID_PARAMETER],
      77n,
    ]);
    expect(registry.regions().map(({ name, bytes }) => [name, bytes])).toEqual([['region', 0x2000]]);
    await guest.vm.close();
    expect(registry.regions()).toEqual([]);
  });

  it('says why not', async () => {
    const { guest } = await run(
      call(ATTACH, [...nameOf('nowhere'), 0n]) +
        call(ATTACH, [...nameOf('a b'), 0x1000n]) +
        call(ATTACH, [0n, 0n, 0n, 0n, 0x1000n]) +
        call(ATTACH, [...nameOf('odd'), 0x1001n]) +
        call(ATTACH, [...nameOf('huge'), 0xffff_ffff_ffff_f000n]) +
        call(ATTACH - 0x4000_0000, [...nameOf('narrow'), 0x1000n]) +
        call(ATTACH, [...nameOf('secret'), 0x1000n]),
      { deny: ['secret'] },
    );
    expect(guest.log).toEqual([
      ...[DOES_NOT_EXIST, ILLEGAL_NAME, ILLEGAL_NAME],
      ...[INVALID_PARAMETER, INVALID_PARAMETER, NOT_SUPPORTED, NO_PERMISSION],
    ]);
  });

  it('has no calls where the region is configured', async () => {
    const { guest } = await run(call(ATTACH, [...nameOf('shm'), 0n]), { name: 'shm', size: 0x1000, role: 'server' });
    expect(guest.log).toEqual([NOT_SUPPORTED]);
  });
});
