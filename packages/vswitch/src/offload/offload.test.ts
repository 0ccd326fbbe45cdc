import { ALL_OFFLOADS, NO_OFFLOADS, type FrameOffload } from '@qvm/core/services';
import fc from 'fast-check';
import { addWords, completeChecksum, foldChecksum } from './checksum.js';
import { isAdmissible } from './check-offload.js';
import { accepts, wireFrames } from './lower-offloads.js';
import { findTcpHeaders } from './tcp-headers.js';

/** The one's complement sum of words is arithmetic modulo 65535: an independent algorithm with bigints. */
function residue(bytes: Uint8Array): number {
  const even = bytes.length % 2 === 0 ? bytes : Uint8Array.of(...bytes, 0);
  const hex = Array.from(even, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return Number(BigInt(`0x0${hex}`) % 65535n);
}

interface Tcp {
  readonly version: 4 | 6;
  readonly tag: boolean;
  /** Length in bytes of IP and TCP options, and of an IPv6 extension header. */
  readonly ipOptions: number;
  readonly tcpOptions: number;
  readonly payload: number;
  readonly flags: number;
  readonly sequence: number;
  readonly id: number;
}

/** A TCP frame of a guest, with any lengths, and the pseudo header's sum in the checksum field. */
function tcpFrame(tcp: Tcp): { readonly frame: Uint8Array; readonly ip: number; readonly tcp: number } {
  const ip = tcp.tag ? 18 : 14;
  const ipLength = (tcp.version === 4 ? 20 : 40) + tcp.ipOptions;
  const at = ip + ipLength;
  const frame = new Uint8Array(at + 20 + tcp.tcpOptions + tcp.payload).map((_, index) => (index * 7 + 3) & 0xff);
  const view = new DataView(frame.buffer);
  if (tcp.tag) view.setUint32(12, 0x8100_0005);
  view.setUint16(ip - 2, tcp.version === 4 ? 0x0800 : 0x86dd);
  if (tcp.version === 4) {
    view.setUint8(ip, 0x40 | (ipLength / 4));
    view.setUint16(ip + 4, tcp.id);
    view.setUint16(ip + 6, 0x4000);
    view.setUint8(ip + 9, 6);
  } else {
    view.setUint8(ip, 0x60);
    view.setUint8(ip + 6, tcp.ipOptions === 0 ? 6 : 60);
    if (tcp.ipOptions !== 0) view.setUint16(ip + 40, (6 << 8) | (tcp.ipOptions / 8 - 1));
  }
  view.setUint32(at + 4, tcp.sequence);
  view.setUint8(at + 12, (5 + tcp.tcpOptions / 4) << 4);
  view.setUint8(at + 13, tcp.flags);
  return { frame, ip, tcp: at };
}

const tcpFrames = fc
  .record({
    version: fc.constantFrom(4 as const, 6 as const),
    tag: fc.boolean(),
    ipWords: fc.nat(4),
    tcpOptions: fc.nat(10).map((words) => words * 4),
    payload: fc.nat(3000),
    flags: fc.nat(255),
    sequence: fc.nat(0xffff_ffff),
    id: fc.nat(0xffff),
  })
  .map(({ ipWords, ...rest }): Tcp => ({ ...rest, ipOptions: ipWords * (rest.version === 4 ? 4 : 8) }));

function offloadFor(version: 4 | 6, checksumStart: number, segmentSize: number): FrameOffload {
  const segmentation = version === 4 ? 'tcp4' : 'tcp6';
  return { needsChecksum: true, checksumStart, checksumOffset: 16, segmentation, segmentSize, ecn: false };
}

describe('the Internet checksum', () => {
  it('has the sum of the example in RFC 1071, section 3', () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(foldChecksum(addWords(0, bytes, 0, 8)) ^ 0xffff).toBe(0xddf2);
  });

  it('makes the whole, with what the field held before, a multiple of 65535', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), fc.nat(1), (bytes, offset) => {
        const field = bytes.slice(2 * offset, 2 * offset + 2);
        completeChecksum(bytes, 0, 2 * offset);
        return residue(Uint8Array.of(...bytes, ...(bytes.length % 2 === 0 ? [] : [0]), ...field)) === 0;
      }),
    );
  });
});

describe('segmentation of TCP', () => {
  it('gives the same bytes of the stream in segments that are all right by themselves', () => {
    fc.assert(
      fc.property(tcpFrames, fc.integer({ min: 8, max: 3000 }), (tcp, size) => {
        const { frame, ip, tcp: at } = tcpFrame(tcp);
        const offload = offloadFor(tcp.version, at, size);
        expect(isAdmissible(frame, offload)).toBe(true);
        const before = frame.slice();
        const segments = [...wireFrames(frame, offload)];
        expect(frame).toEqual(before);
        expect(segments).toHaveLength(Math.max(1, Math.ceil(tcp.payload / size)));
        const start = at + 20 + tcp.tcpOptions;
        expect(Buffer.concat(segments.map((segment) => segment.subarray(start))).equals(frame.subarray(start))).toBe(
          true,
        );
        segments.forEach((segment, index) => {
          const view = new DataView(segment.buffer);
          const last = index === segments.length - 1;
          const { length } = segment;
          const ipFields = { length: view.getUint16(ip + (tcp.version === 4 ? 2 : 4)), id: view.getUint16(ip + 4) };
          const tcpFields = { sequence: view.getUint32(at + 4), flags: view.getUint8(at + 13) };
          expect({ ...ipFields, ...tcpFields, fits: length - start <= size }).toEqual({
            length: tcp.version === 4 ? length - ip : length - ip - 40,
            id: tcp.version === 4 ? (tcp.id + index) % 2 ** 16 : length - ip - 40,
            sequence: (tcp.sequence + index * size) % 2 ** 32,
            flags: tcp.flags & (index === 0 ? 0xff : 0x7f) & (last ? 0xff : 0xf6),
            fits: true,
          });
          expect(checksumsAreRight(segment, tcp.version, ip, at)).toBe(true);
        });
      }),
    );
  });

  function checksumsAreRight(segment: Uint8Array, version: 4 | 6, ip: number, tcp: number): boolean {
    const addresses = version === 4 ? segment.slice(ip + 12, ip + 20) : segment.slice(ip + 8, ip + 40);
    const length = segment.length - tcp;
    const pseudo = Uint8Array.of(...addresses, length >>> 8, length & 0xff, 0, 6, ...segment.subarray(tcp));
    return residue(pseudo) === 0 && (version === 6 || residue(segment.slice(ip, tcp)) === 0);
  }
});

describe('what a guest may ask for', () => {
  const plain: Tcp = {
    version: 4,
    tag: false,
    ipOptions: 0,
    tcpOptions: 0,
    payload: 4000,
    flags: 0x10,
    sequence: 1,
    id: 1,
  };
  const { frame } = tcpFrame(plain);
  const good = offloadFor(4, 34, 1460);

  it.each<[string, Partial<FrameOffload>]>([
    ['no bytes in a segment', { segmentSize: 0 }],
    ['hardly any bytes in a segment', { segmentSize: 7 }],
    ['a size that is no number', { segmentSize: NaN }],
    ['segments without a checksum', { needsChecksum: false }],
    ['the checksum of the Ethernet header', { checksumStart: 13 }],
    ['a checksum after the end', { checksumStart: 4050, checksumOffset: 3 }],
    ['a checksum before the start', { checksumOffset: -1 }],
    ['segments of a frame that has another checksum', { checksumStart: 33 }],
    ['a checksum elsewhere in the TCP header', { checksumOffset: 14 }],
    ['segments of the other IP', { segmentation: 'tcp6' }],
  ])('is not %s', (_name, wrong) => {
    expect(isAdmissible(frame, good)).toBe(true);
    expect(isAdmissible(frame, { ...good, ...wrong })).toBe(false);
  });

  it.each<[string, number, number]>([
    ['an IP version', 14, 0x65],
    ['an IP header too short', 14, 0x44],
    ['an IP header too long', 14, 0x4f],
    ['a fragment', 20, 0x20],
    ['another protocol', 23, 17],
    ['a TCP header too short', 46, 0x40],
  ])('is not to cut %s', (_name, at, value) => {
    const wrong = frame.slice();
    wrong[at] = value;
    expect(isAdmissible(wrong, good)).toBe(false);
  });

  it('is decided for any bytes whatever, and what is admitted can be cut', () => {
    const wild = fc.record({
      needsChecksum: fc.boolean(),
      checksumStart: fc.nat(120),
      checksumOffset: fc.nat(20),
      segmentation: fc.constantFrom('none' as const, 'tcp4' as const, 'tcp6' as const),
      segmentSize: fc.nat(100),
      ecn: fc.boolean(),
    });
    const damage = fc.array(fc.tuple(fc.nat(70), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(tcpFrames, wild, damage, fc.nat(200), fc.boolean(), (tcp, offload, changes, cut, exact) => {
        const made = tcpFrame({ ...tcp, payload: tcp.payload % 300 });
        for (const [at, value] of changes) made.frame[at] = value;
        const bytes = made.frame.subarray(0, cut < 20 ? 14 + cut : undefined);
        const asked = exact ? { ...offload, checksumStart: made.tcp, checksumOffset: 16 } : offload;
        if (!isAdmissible(bytes, asked)) return;
        const frames = [...wireFrames(bytes, asked)];
        expect(frames.length).toBeGreaterThan(0);
        expect(frames.every(({ length }) => length <= bytes.length)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('is nothing when there are no headers', () => {
    expect(findTcpHeaders(new Uint8Array(14))).toBeUndefined();
    expect(isAdmissible(new Uint8Array(14), undefined)).toBe(true);
  });
});

describe('a receiver', () => {
  const checksum = { ...NO_OFFLOADS, checksum: true };
  const offload = offloadFor(4, 34, 1460);

  it('gets what it accepts as it is', () => {
    expect(accepts(NO_OFFLOADS, undefined)).toBe(true);
    expect(accepts(NO_OFFLOADS, offload)).toBe(false);
    expect(accepts(checksum, offload)).toBe(false);
    expect(accepts(checksum, { ...offload, segmentation: 'none' })).toBe(true);
    expect(accepts({ ...checksum, tcp4: true }, offload)).toBe(true);
    expect(accepts({ ...checksum, tcp4: true }, { ...offload, ecn: true })).toBe(false);
    expect(accepts({ ...checksum, tcp4: true }, { ...offload, segmentation: 'tcp6' })).toBe(false);
    expect(accepts(ALL_OFFLOADS, { ...offload, ecn: true })).toBe(true);
  });
});
