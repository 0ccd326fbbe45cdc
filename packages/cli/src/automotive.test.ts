import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { VmSpec } from '@qvm/config';
import { NETWORK_FABRIC, SHARED_MEMORY, type NetworkPort, type SharedMemoryAttachment } from '@qvm/core/services';
import { guestCacheDirectory, safetyGuest } from '@qvm/guests';
import { createHypervisor, type Hypervisor, type VmHandle } from '@qvm/sdk';

/** The files of examples/automotive with its safety guest; this test acts as its driver assistance system. */

const example = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/automotive/${name}`, import.meta.url));

const ANSWER = 0x20;
const HELLO = 1;
const REPLY = 2;
const BYE = 3;
const SEED = 0x51564d21;
/** The doorbell of client 0, the safety guest. */
const SAFETY = 1;
const STATION = Uint8Array.of(0x52, 0x54, 0, 0, 0, 9);
const OWN_IP = [192, 168, 10, 2];
const SAFETY_IP = [192, 168, 10, 1];
const SAFETY_MAC = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

let hypervisor: Hypervisor;
beforeEach(() => {
  hypervisor = createHypervisor({ environment: { QVM_GUESTS: guestCacheDirectory() } });
});
afterEach(() => hypervisor.dispose());

/** The other user of the shared region. */
class Driver {
  readonly #client: SharedMemoryAttachment;
  readonly #words: DataView;
  #rung: () => void = () => undefined;

  constructor(vm: VmHandle) {
    const registry = vm.service(SHARED_MEMORY);
    if (registry === undefined) throw new Error('no shared memory');
    this.#client = registry.attach('shm-safety-adas', { vm: 'test', vdev: 'test' }, () => this.#rung());
    const { buffer, byteOffset, length } = this.#client.view;
    this.#words = new DataView(buffer, byteOffset, length);
  }

  send(kind: number, sequence: number, value: number, check = SEED ^ kind ^ sequence ^ value): void {
    [sequence, value, kind, check].forEach((word, index) => this.#words.setInt32(ANSWER + 4 * index, word, true));
    this.#client.notify(SAFETY);
  }

  /** Waits for the doorbell; returns the sample at that time. */
  async sample(): Promise<{ readonly number: number; readonly speed: number }> {
    while (this.#client.pending === 0) await new Promise<void>((resolve) => (this.#rung = resolve));
    this.#client.takePending();
    const [number = 0, speed = 0, kind = 0, check = 0] = [0, 4, 8, 12].map((at) => this.#words.getInt32(at, true));
    expect(check).toBe(SEED ^ number ^ speed ^ kind);
    return { number, speed };
  }
}

async function start(): Promise<{ readonly vm: VmHandle; readonly printed: () => string }> {
  const vm = await hypervisor.createVm({ configFile: example('safety.qvmconf') });
  let text = '';
  vm.console.onOutput((bytes) => (text += new TextDecoder().decode(bytes)));
  await vm.start();
  while (!text.includes('SAFETY-READY')) await new Promise((resolve) => setTimeout(resolve, 5));
  return { vm, printed: () => text };
}

describe('the files', () => {
  it('hold the image of the safety guest', () => {
    expect(Buffer.from(safetyGuest().image).equals(readFileSync(example('safety.bin')))).toBe(true);
  });

  it('hold a program that fills its disk', () => {
    expect(readFileSync(example('adas.sh')).length % 512).toBe(0);
  });

  it.each(['safety', 'adas'])('describe %s in both forms alike', async (name) => {
    const { vms, findings } = await hypervisor.loadConfigs([
      example(`${name}.qvmconf`),
      example(`${name}-line.qvmconf`),
    ]);
    expect(findings).toEqual([]);
    const [json, line] = vms.map(meaning);
    expect(line).toEqual(json);
  });

  it('make a system of two VMs', async () => {
    const { vms, switches, findings } = await hypervisor.loadConfigs([example('system.qvmconf')]);
    expect(findings).toEqual([]);
    expect(vms.map(({ name }) => name)).toEqual(['safety-vm', 'linux-adas']);
    expect(switches).toMatchObject([{ name: 'vswitch0' }]);
  });
});

/** The contents of a specification without locations. */
function meaning({ vdevs, ram, source: _, ...rest }: VmSpec): unknown {
  return {
    ...rest,
    ram: ram.map(({ base, size }) => ({ base, size })),
    vdevs: vdevs.map(({ type, options }) => ({
      type,
      options: Object.fromEntries(options.map(({ name, value }) => [name, Number(value) || (value ?? 'on')])),
    })),
  };
}

describe('the safety guest', () => {
  it('exchanges samples for accelerations, which it limits, and ends when told to', async () => {
    const { vm, printed } = await start();
    const driver = new Driver(vm);
    driver.send(HELLO, 0, 0);
    expect(await driver.sample()).toEqual({ number: 1, speed: 0 });
    for (const [wanted, number, speed] of [
      [100, 2, 100],
      [501, 3, 600],
      [-250, 4, 350],
      [-9999, 5, 0],
    ] as const) {
      driver.send(REPLY, number - 1, wanted);
      expect(await driver.sample()).toEqual({ number, speed });
    }
    driver.send(HELLO, 0, 0);
    expect(await driver.sample()).toEqual({ number: 1, speed: 0 });
    driver.send(BYE, 1, 0);
    expect((await vm.exit).exitCode).toBe(0);
    expect(printed()).toContain(
      'sample 1: 0.00 km/h, wanted 1.00\nsample 2: 1.00 km/h, wanted 5.01, limited\n' +
        'sample 3: 6.00 km/h, wanted -2.50\nsample 4: 3.50 km/h, wanted -99.99, limited\n' +
        'the driver assistance system is there\nbye: 4 exchanges, 0 errors, 0 echoes\nSAFETY-DONE\n',
    );
  });

  it('counts what is wrong, and takes nothing of it', async () => {
    const { vm, printed } = await start();
    const driver = new Driver(vm);
    driver.send(HELLO, 0, 0);
    await driver.sample();
    const wrong: readonly Parameters<Driver['send']>[] = [
      [REPLY, 1, 100, 0],
      [REPLY, 7, 100],
      [9, 1, 100],
    ];
    for (const [index, message] of wrong.entries()) {
      driver.send(...message);
      while (printed().split('a wrong message').length !== index + 2)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    driver.send(BYE, 1, 0);
    await vm.exit;
    expect(printed()).toContain('bye: 0 exchanges, 3 errors, 0 echoes\nSAFETY-FAILED\n');
  });

  it('obeys the power button', async () => {
    const { vm, printed } = await start();
    await vm.stop(5_000);
    expect((await vm.exit).exitCode).toBe(0);
    expect(printed()).toContain('power button\nSAFETY-OFF\n');
  });

  it('answers ARP and ICMP echo, and nothing else', async () => {
    const { vm } = await start();
    const station = new Station(vm);
    const arp = [0, 1, 8, 0, 6, 4, 0, 1, ...STATION, ...OWN_IP, 0, 0, 0, 0, 0, 0, ...SAFETY_IP];
    const reply = await station.ask([0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 0x0806, arp);
    expect(reply.slice(0, 14)).toEqual([...STATION, ...SAFETY_MAC, 8, 6]);
    expect(reply.slice(14, 42)).toEqual([0, 1, 8, 0, 6, 4, 0, 2, ...SAFETY_MAC, ...SAFETY_IP, ...STATION, ...OWN_IP]);
    for (let number = 0; number < 40; number++) {
      const payload = Array.from({ length: number * 20 }, (_unused, index) => (index * number) & 0xff);
      const echo = withChecksum([8, 0, 0, 0, 0x12, 0x34, 0, number, ...payload], 2);
      // Packets to another station, to no station, and truncated ones get no answer; the next frame answers the valid
      // request.
      station.send(SAFETY_MAC, 0x0800, [...ipHeader(echo.length, [192, 168, 10, 7]), ...echo]);
      station.send(SAFETY_MAC, 0x86dd, Array<number>(60).fill(0));
      station.send(SAFETY_MAC, 0x0800, [0x45, 0, 0, 0]);
      const answer = await station.ask(SAFETY_MAC, 0x0800, [...ipHeader(echo.length, SAFETY_IP), ...echo]);
      expect(answer.slice(26, 34)).toEqual([...SAFETY_IP, ...OWN_IP]);
      expect(answer.slice(34)).toEqual(withChecksum([0, 0, 0, 0, ...echo.slice(4)], 2));
      expect(checksum(answer.slice(14, 34))).toBe(0);
    }
  });
});

/** A station at the switch of the example. */
class Station {
  readonly #port: NetworkPort;
  readonly #frames: number[][] = [];
  #arrived: () => void = () => undefined;

  constructor(vm: VmHandle) {
    const fabric = vm.service(NETWORK_FABRIC);
    if (fabric === undefined) throw new Error('no network');
    this.#port = fabric.connect('vswitch0', { vm: 'test', vdev: 'net', mac: STATION });
    this.#port.onReceive((frame) => {
      this.#frames.push([...frame]);
      this.#arrived();
      return true;
    });
  }

  send(to: readonly number[], type: number, packet: readonly number[]): void {
    this.#port.send(Uint8Array.of(...to, ...STATION, type >> 8, type & 0xff, ...packet));
  }

  /** Sends a packet; returns the next frame that arrives. */
  async ask(to: readonly number[], type: number, packet: readonly number[]): Promise<number[]> {
    this.send(to, type, packet);
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
    return this.#frames.shift() ?? [];
  }
}

function ipHeader(bytes: number, to: readonly number[]): number[] {
  const length = 20 + bytes;
  return withChecksum([0x45, 0, length >> 8, length & 0xff, 0, 1, 0, 0, 64, 1, 0, 0, ...OWN_IP, ...to], 10);
}

/** The internet checksum (RFC 1071); 0 over data that contains its own checksum. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** The bytes with their checksum stored at a place that is zero. */
function withChecksum(bytes: readonly number[], at: number): number[] {
  const sum = checksum(bytes);
  return bytes.map((byte, index) => (index === at ? sum >> 8 : index === at + 1 ? sum & 0xff : byte));
}
