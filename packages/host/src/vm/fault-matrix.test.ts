import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { VmSpec } from '@qvm/config';
import { Workspace } from '../host.test.helper.js';
import type { VmEnd } from '../worker/messages.js';
import type { HostedVm } from './hosted-vm.js';
import { VmHost } from './vm-host.js';

/*
 * Faults of a VM and their expected effects: the VM's final state (the local design safe state is its end), its exit
 * code, and that another VM keeps running. The guests are a few words of A64 code.
 */

const THROWER = fileURLToPath(new URL('./throwing-vdev.test.helper.js', import.meta.url));
const TROUBLE = fileURLToPath(new URL('../trouble.test.helper.js', import.meta.url));
/** Each VM is a thread that loads all of qvm, which takes seconds on a busy machine. */
const LIMIT_MS = 180_000;
const RAM_BYTES = 0x20_0000;
const BRANCH_TO_ITSELF = 0x1400_0000;
/** A branch to the next word, so that the file is accepted as code, and a word that is not an instruction. */
const BAD = [0xb400_003f, 0xffff_ffff];

interface Fault {
  /** Name of the VM, which selects the plugin's disturbance. */
  readonly name: string;
  readonly code: readonly number[];
  readonly more?: Partial<VmSpec>;
  readonly exitCode: number;
  readonly state: 'failed' | 'stopped';
  readonly reason: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'bad-access-abort',
    // movz x1, #0x1000, lsl #16; ldr x0, [x1]
    code: [0xd2a2_0001, 0xf940_0020],
    more: { unsupported: { reference: 'abort' } },
    exitCode: 5,
    state: 'failed',
    reason: /unsupported reference at 0x40080004: .* reads 0x10000000: nothing is at guest-physical 0x10000000/,
  },
  {
    name: 'bad-access-without-vectors',
    code: [0xd2a2_0001, 0xf940_0020],
    exitCode: 5,
    state: 'failed',
    reason: /faults forever/,
  },
  {
    name: 'bad-instruction',
    code: BAD,
    more: { unsupported: { instruction: 'abort' } },
    exitCode: 5,
    state: 'failed',
    reason: /unsupported instruction at 0x40080004/,
  },
  {
    name: 'bad-register',
    // mrs x1, s3_1_c15_c2_7
    code: [0xd539_f2e1],
    more: { unsupported: { register: 'abort' } },
    exitCode: 5,
    state: 'failed',
    reason: /unsupported register at 0x40080000/,
  },
  {
    name: 'vdev-throws',
    // movz x1, #0x0c00, lsl #16; ldr w0, [x1]
    code: [0xd2a1_8001, 0xb940_0020],
    more: { vdevs: [{ type: 'thrower', options: [] }] },
    exitCode: 6,
    state: 'failed',
    reason: /thrower-0/,
  },
  {
    name: 'watchdog-not-served',
    // movz x1, #0x1c0f, lsl #16; WDOGLOAD = 1000; WDOGCONTROL = INTEN | RESEN
    code: [0xd2a3_81e1, 0x5280_7d02, 0xb900_0022, 0x5280_0062, 0xb900_0822],
    more: { vdevs: [{ type: 'wdt-sp805', options: [] }] },
    exitCode: 4,
    state: 'failed',
    reason: /watchdog/,
  },
  {
    name: 'dma-out-of-range',
    // movz x1, #0x0902, lsl #16; DMA descriptor at 0xf0000000, big-endian; PSCI SYSTEM_OFF
    code: [0xd2a1_2041, 0x5280_1e02, 0xb900_1422, 0x5280_0100, 0x72b0_8000, 0xd400_0002],
    more: { vdevs: [{ type: 'fw-cfg', options: [] }] },
    exitCode: 0,
    state: 'stopped',
    reason: /powered off/,
  },
  {
    name: 'ends-itself',
    // Hypervisor call VM_END with 40
    code: [0x5280_0040, 0x72b0_c000, 0x5280_0501, 0xd400_0002],
    exitCode: 40,
    state: 'stopped',
    reason: /ended its VM with 40/,
  },
  { name: 'exits', code: [], exitCode: 7, state: 'failed', reason: /thread/ },
];

const space = new Workspace();
const host = new VmHost();
let neighbour: HostedVm;

beforeAll(async () => {
  neighbour = await create('neighbour', []);
  await neighbour.start();
}, LIMIT_MS);

afterAll(async () => {
  await host.shutdown(0);
  space.dispose();
});

async function create(name: string, code: readonly number[], more: Partial<VmSpec> = {}): Promise<HostedVm> {
  const image = space.path(`${name}.bin`);
  writeFileSync(image, Uint32Array.from([...code, BRANCH_TO_ITSELF]));
  const spec: VmSpec = {
    name,
    arch: 'aarch64',
    image,
    cpus: 1,
    ram: [{ size: RAM_BYTES }],
    vdevs: [],
    baseDir: '/',
    ...more,
  };
  return host.create({ launch: { spec, engine: 'interp', plugins: [THROWER, TROUBLE], pluginBase: space.folder } });
}

async function endOf(vm: HostedVm): Promise<VmEnd> {
  // A thread that dies fails the outstanding request; only the VM's end matters.
  await vm.start().catch(() => undefined);
  return vm.end;
}

describe('a fault in one VM', () => {
  it.each(FAULTS)(
    '$name: exit code $exitCode, $state',
    async ({ name, code, more, exitCode, state, reason }) => {
      const before = (await neighbour.request('stats', undefined)).instructions;
      const vm = await create(name, code, more);
      expect(await endOf(vm)).toMatchObject({ exitCode, reason: expect.stringMatching(reason) as string });
      expect(vm.state).toBe(state);
      expect(neighbour.state).toBe('running');
      expect((await neighbour.request('stats', undefined)).instructions).toBeGreaterThan(before);
    },
    LIMIT_MS,
  );

  it(
    'leaves one dump where the configuration says, with the registers of that moment',
    async () => {
      const dump = space.folder;
      const vm = await create('dumped', BAD, { unsupported: { instruction: 'abort' }, dump });
      expect(await endOf(vm)).toMatchObject({ exitCode: 5 });
      const files = readdirSync(dump).filter((file) => file.endsWith('.gcore'));
      expect(files).toEqual([expect.stringMatching(/^dumped-\d{8}-\d{6}\.gcore$/)]);
      expect(readFileSync(space.path(files[0] ?? '')).subarray(0, 4)).toEqual(Buffer.from('\x7fELF', 'latin1'));
    },
    LIMIT_MS,
  );

  it('and a power cut ends the neighbour as the last', async () => {
    expect(await neighbour.destroy()).toMatchObject({ exitCode: 3 });
  });
});
