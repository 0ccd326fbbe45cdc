/** The file format of draft-ietf-opsawg-pcapng: blocks of 32-bit words, all little-endian. */

const BlockType = { SectionHeader: 0x0a0d0d0a, InterfaceDescription: 1, EnhancedPacket: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
const OptionCode = { End: 0, UserApplication: 4, InterfaceName: 2, TimestampResolution: 9, PacketFlags: 2 } as const;
/** Timestamps in units of 10^-9 seconds. */
const NANOSECONDS = 9;
const Direction = { in: 1, out: 2 } as const;

/** The beginning of a file: one section, and one interface with this name. */
export function captureHeader(interfaceName: string): Uint8Array {
  const section = block(BlockType.SectionHeader, [
    words(BYTE_ORDER_MAGIC, 1 /* version 1.0 */, 0xffff_ffff, 0xffff_ffff /* length not said */),
    option(OptionCode.UserApplication, new TextEncoder().encode('qvm')),
    option(OptionCode.End, new Uint8Array(0)),
  ]);
  const description = block(BlockType.InterfaceDescription, [
    words(LINKTYPE_ETHERNET, 0 /* frames of any length */),
    option(OptionCode.InterfaceName, new TextEncoder().encode(interfaceName)),
    option(OptionCode.TimestampResolution, Uint8Array.of(NANOSECONDS)),
    option(OptionCode.End, new Uint8Array(0)),
  ]);
  return joined([section, description]);
}

/** One frame. `time` is in nanoseconds since 1970. */
export function captureRecord(frame: Uint8Array, time: bigint, direction: 'in' | 'out'): Uint8Array {
  const high = Number(BigInt.asUintN(32, time >> 32n));
  const low = Number(BigInt.asUintN(32, time));
  return block(BlockType.EnhancedPacket, [
    words(0 /* interface */, high, low, frame.length, frame.length),
    padded(frame),
    option(OptionCode.PacketFlags, words(Direction[direction])),
    option(OptionCode.End, new Uint8Array(0)),
  ]);
}

/** A block: type, total length, content, total length again. */
function block(type: number, content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, { length: bytes }) => sum + bytes, 12);
  return joined([words(type, length), ...content, words(length)]);
}

function option(code: number, value: Uint8Array): Uint8Array {
  return joined([words(code | (value.length << 16)), padded(value)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const result = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  result.set(bytes);
  return result;
}

function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setUint32(4 * index, value, true));
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
