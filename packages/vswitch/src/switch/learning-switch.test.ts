import { NO_OFFLOADS, type VlanSet } from '@qvm/core/services';
import fc from 'fast-check';
import { BROADCAST, frame, Receiver, station } from '../frames.test.helper.js';
import { LearningSwitch, type LearningSwitchOptions } from './learning-switch.js';

const A = station(1);
const B = station(2);
const C = station(3);

function setUp(count: number, options: LearningSwitchOptions = {}) {
  const vswitch = new LearningSwitch({ now: () => 0, ...options });
  const ports = Array.from({ length: count }, (_, index) => vswitch.attach({ name: `p${index}` }));
  return { vswitch, ports, receivers: ports.map((port) => new Receiver(port)) };
}

const lengths = (receivers: readonly Receiver[]): readonly number[] => receivers.map(({ frames }) => frames.length);

describe('a learning switch', () => {
  it('floods what it does not know, and sends to one port what it knows', () => {
    const { ports, receivers, vswitch } = setUp(3);
    expect(ports[0]?.send(frame(B, A, 1))).toBe(true);
    expect(lengths(receivers)).toEqual([0, 1, 1]);
    ports[1]?.send(frame(A, B, 2));
    expect(lengths(receivers)).toEqual([1, 1, 1]);
    ports[2]?.send(frame(B, C, 3));
    expect(lengths(receivers)).toEqual([1, 2, 1]);
    expect(vswitch.stations).toEqual([
      { vlan: 1, address: '02:00:00:00:00:01', port: 'p0' },
      { vlan: 1, address: '02:00:00:00:00:02', port: 'p1' },
      { vlan: 1, address: '02:00:00:00:00:03', port: 'p2' },
    ]);
  });

  it('sends broadcasts and multicasts to all others, and nothing back', () => {
    const { ports, receivers } = setUp(3);
    ports[0]?.send(frame(BROADCAST, A, 1));
    ports[0]?.send(frame([0x33, 0x33, 0, 0, 0, 1], A, 2));
    ports[0]?.send(frame(A, A, 3));
    expect(lengths(receivers)).toEqual([0, 2, 2]);
  });

  it('follows a station that moves', () => {
    const { ports, receivers } = setUp(3);
    ports[0]?.send(frame(BROADCAST, A, 1));
    ports[1]?.send(frame(BROADCAST, A, 2));
    ports[2]?.send(frame(A, C, 3));
    expect(lengths(receivers)).toEqual([1, 2, 2]);
  });

  it('forgets stations that are silent for the ageing time', () => {
    let time = 0;
    const { ports, receivers, vswitch } = setUp(3, { now: () => time, ageing: 1000 });
    ports[0]?.send(frame(BROADCAST, A, 1));
    time = 1000;
    ports[1]?.send(frame(A, B, 2));
    expect(lengths(receivers)).toEqual([1, 1, 1]);
    time = 1001;
    expect(vswitch.stations.map(({ port }) => port)).toEqual(['p1']);
    ports[1]?.send(frame(A, B, 3));
    expect(lengths(receivers)).toEqual([2, 1, 2]);
  });

  it('forgets the stations of a port that is closed, and sends it nothing', () => {
    const { ports, receivers, vswitch } = setUp(3);
    ports[0]?.send(frame(BROADCAST, A, 1));
    ports[0]?.close();
    ports[1]?.send(frame(A, B, 2));
    expect(lengths(receivers)).toEqual([0, 1, 2]);
    expect(vswitch.ports.map(({ name }) => name)).toEqual(['p1', 'p2']);
    expect(ports[0]?.send(frame(B, A, 3))).toBe(false);
    expect(ports[0]?.linkUp).toBe(false);
  });

  it('keeps a bounded number of stations, the ones heard last', () => {
    let time = 0;
    const { ports, vswitch } = setUp(1, { now: () => time, stations: 10 });
    for (let number = 0; number < 100; number++) {
      time += 2000;
      ports[0]?.send(frame(BROADCAST, station(number), number));
    }
    expect(vswitch.stations.map(({ address }) => address)).toEqual(
      Array.from({ length: 10 }, (_, index) => `02:00:00:00:00:${(90 + index).toString(16)}`),
    );
  });

  it('lets a flood of addresses in one VLAN drive nobody out of another', () => {
    const vswitch = new LearningSwitch({ now: () => 0, stations: 10 });
    vswitch.attach({ name: 'quiet', vlan: 5 }).send(frame(BROADCAST, A, 0));
    const noisy = vswitch.attach({ name: 'noisy', vlan: 6 });
    for (let number = 0; number < 100; number++) noisy.send(frame(BROADCAST, station(number), number));
    expect(vswitch.stations).toHaveLength(10);
    expect(vswitch.stations[0]).toEqual({ vlan: 5, address: '02:00:00:00:00:01', port: 'quiet' });
  });

  it('refuses frames that are too short, too long, or from a group address, and counts them', () => {
    const { ports, receivers } = setUp(2);
    expect(ports[0]?.send(new Uint8Array(13))).toBe(false);
    expect(ports[0]?.send(new Uint8Array(0x1_0000 + 65))).toBe(false);
    expect(ports[0]?.send(frame(B, BROADCAST, 1))).toBe(false);
    expect(lengths(receivers)).toEqual([0, 0]);
    expect(ports[0]?.counters).toMatchObject({ sentFrames: 0, sendDrops: 3 });
  });

  it('completes checksums for a receiver that cannot', () => {
    const { ports, receivers } = setUp(2);
    ports[1]?.acceptOffloads(NO_OFFLOADS);
    const offload = { checksumStart: 20, checksumOffset: 6, segmentation: 'none', segmentSize: 0, ecn: false } as const;
    ports[0]?.send(frame(B, A, 7), { ...offload, needsChecksum: true });
    expect(receivers[1]?.offloads).toEqual([undefined]);
    ports[1]?.acceptOffloads({ ...NO_OFFLOADS, checksum: true });
    ports[0]?.send(frame(B, A, 7), { ...offload, needsChecksum: true });
    expect(receivers[1]?.offloads[1]).toMatchObject({ needsChecksum: true });
  });
});

describe('VLANs', () => {
  it('are apart from each other', () => {
    const vswitch = new LearningSwitch({ now: () => 0 });
    const ports = [10, 10, 20, undefined].map((vlan, index) =>
      vswitch.attach({ name: `p${index}`, ...(vlan === undefined ? {} : { vlan }) }),
    );
    const receivers = ports.map((port) => new Receiver(port));
    ports[0]?.send(frame(BROADCAST, A, 1));
    expect(lengths(receivers)).toEqual([0, 1, 0, 0]);
    ports[2]?.send(frame(A, B, 2));
    expect(lengths(receivers)).toEqual([0, 1, 0, 0]);
  });

  it('reach a trunk with tags, which go at access ports', () => {
    const vswitch = new LearningSwitch({ now: () => 0 });
    const access = vswitch.attach({ name: 'access', vlan: 10 });
    const trunk = vswitch.attach({ name: 'trunk', trunk: [10, 20] });
    const [atAccess, atTrunk] = [new Receiver(access), new Receiver(trunk)];
    access.send(frame(BROADCAST, A, 1));
    expect(atTrunk.frames).toEqual([frame(BROADCAST, A, 1, 10, 64)]);
    // Priority 5 is kept on trunks.
    trunk.send(frame(A, B, 2, (5 << 13) | 10, 64));
    expect(atAccess.frames).toEqual([frame(A, B, 2)]);
    expect(trunk.send(frame(A, B, 3, 30))).toBe(false);
    expect(access.send(frame(A, B, 3, 10))).toBe(false);
  });

  it('move the checksum with the tag', () => {
    const vswitch = new LearningSwitch({ now: () => 0 });
    const access = vswitch.attach({ name: 'access', vlan: 10 });
    const trunk = vswitch.attach({ name: 'trunk', trunk: 'all' });
    const atTrunk = new Receiver(trunk);
    trunk.acceptOffloads({ ...NO_OFFLOADS, checksum: true });
    const offload = {
      checksumOffset: 6,
      segmentation: 'none',
      segmentSize: 0,
      ecn: false,
      needsChecksum: true,
    } as const;
    access.send(frame(BROADCAST, A, 1), { ...offload, checksumStart: 34 });
    expect(atTrunk.offloads).toEqual([{ ...offload, checksumStart: 38 }]);
  });

  it('count frames with a priority tag as untagged', () => {
    const vswitch = new LearningSwitch({ now: () => 0 });
    const [one, other] = [vswitch.attach({ name: 'one', vlan: 7 }), vswitch.attach({ name: 'other', vlan: 7 })];
    const receiver = new Receiver(other);
    one.send(frame(BROADCAST, A, 1, 3 << 13, 64));
    expect(receiver.frames).toEqual([frame(BROADCAST, A, 1)]);
  });

  it.each([0, 4095, 1.5, -1])('have no number %p', (vlan) => {
    expect(() => new LearningSwitch().attach({ name: 'p', vlan })).toThrow(`${vlan} is no VLAN`);
  });
});

/** The standard's rules in a few lines, without regard to speed. */
class Model {
  readonly #known = new Map<string, number>();

  constructor(private readonly ports: readonly { readonly vlan: number; readonly trunk: VlanSet }[]) {}

  /** The ports that a frame goes to, with its tag at each; `undefined` if it is refused. */
  send(from: number, to: number, by: number, tag: number | undefined): Map<number, number | undefined> | undefined {
    const vid = tag === undefined ? 0 : tag & 0xfff;
    if (vid !== 0 && !this.#onTrunk(from, vid)) return undefined;
    const vlan = vid === 0 ? (this.ports[from]?.vlan ?? 0) : vid;
    this.#known.set(`${vlan} ${by}`, from);
    const known = to === 255 ? undefined : this.#known.get(`${vlan} ${to}`);
    const targets = this.ports.flatMap((port, index) => {
      const member = port.vlan === vlan || this.#onTrunk(index, vlan);
      return index !== from && member && (known ?? index) === index ? [index] : [];
    });
    const outTag = ((tag ?? 0) & 0xf000) | vlan;
    return new Map(targets.map((index) => [index, this.ports[index]?.vlan === vlan ? undefined : outTag]));
  }

  #onTrunk(port: number, vlan: number): boolean {
    const trunk = this.ports[port]?.trunk ?? [];
    return trunk === 'all' || trunk.includes(vlan);
  }
}

const vlanNumber = fc.constantFrom(1, 2, 3);
const portSettings = fc.record({
  vlan: vlanNumber,
  trunk: fc.oneof(fc.constant('all' as const), fc.uniqueArray(vlanNumber, { maxLength: 2 })),
});
const sending = fc.record({
  from: fc.nat(3),
  to: fc.constantFrom(1, 2, 3, 4, 5, 255),
  by: fc.integer({ min: 1, max: 5 }),
  tag: fc.option(
    fc.tuple(fc.nat(7), fc.nat(4)).map(([priority, vid]) => (priority << 13) | vid),
    { nil: undefined },
  ),
  room: fc.nat(3),
});

describe('every frame', () => {
  it('goes to exactly the ports where it belongs, is delivered there in order, waits, or is counted as dropped', () => {
    fc.assert(
      fc.property(
        fc.array(portSettings, { minLength: 4, maxLength: 4 }),
        fc.array(sending, { maxLength: 60 }),
        (settings, sendings) => {
          const vswitch = new LearningSwitch({ now: () => 0 });
          const bounds = { frames: 2, bytes: 10_000 };
          const ports = settings.map((setting, index) => vswitch.attach({ name: `p${index}`, bounds, ...setting }));
          const receivers = ports.map((port) => new Receiver(port, 0));
          const model = new Model(settings);
          const expected = settings.map((): { content: number; bytes: Uint8Array }[] => []);
          let refused = 0;
          for (const [content, { from, to, by, tag, room }] of sendings.entries()) {
            const address = to === 255 ? BROADCAST : station(to);
            const targets = model.send(from, to, by, tag);
            const sent = frame(address, station(by), content, tag, tag === undefined ? 60 : 64);
            ports[from]?.send(sent);
            if (targets === undefined) refused++;
            for (const [target, outTag] of targets ?? []) {
              const bytes = frame(address, station(by), content, outTag, outTag === undefined ? 60 : 64);
              expected[target]?.push({ content, bytes });
            }
            const receiver = receivers[content % 4];
            if (receiver !== undefined) receiver.room = room;
            ports[content % 4]?.resume();
          }
          const counters = vswitch.ports.map((port) => port.counters);
          expect(counters.reduce((sum, { sendDrops }) => sum + sendDrops, 0)).toBe(refused);
          expect(counters.reduce((sum, { sentFrames }) => sum + sentFrames, 0)).toBe(sendings.length - refused);
          vswitch.ports.forEach(({ waiting, counters: { receivedFrames, receiveDrops } }, index) => {
            const { frames } = receivers[index] ?? { frames: [] };
            const due = expected[index] ?? [];
            expect(frames).toHaveLength(receivedFrames);
            expect(receivedFrames + waiting + receiveDrops).toBe(due.length);
            expect(
              isSubsequence(
                frames,
                due.map(({ bytes }) => bytes),
              ),
            ).toBe(true);
          });
        },
      ),
    );
  });
});

function isSubsequence(part: readonly Uint8Array[], whole: readonly Uint8Array[]): boolean {
  const rest = whole.map((bytes) => bytes.join());
  return part.every((bytes) => {
    const at = rest.indexOf(bytes.join());
    rest.splice(0, at + 1);
    return at >= 0;
  });
}
