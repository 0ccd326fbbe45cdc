import { readU16, writeU16 } from '../frame/ethernet.js';
import { addWords, completeChecksum, foldChecksum, writeIpv4Checksum } from './checksum.js';
import { findTcpHeaders, TCP_CHECKSUM, type TcpHeaders } from './tcp-headers.js';

/** Flags in the 14th byte of a TCP header. */
const FIN = 0x01;
const PSH = 0x08;
const CWR = 0x80;
const FLAGS = 13;
const TCP_PROTOCOL = 6;

/**
 * Segments a large TCP frame into frames with at most `segmentSize` bytes of payload, as the sender's TCP would, with
 * complete checksums. `isAdmissible` must have checked the frame and the size.
 */
export function* segmentTcp(frame: Uint8Array, segmentSize: number): Generator<Uint8Array> {
  const headers = findTcpHeaders(frame);
  if (headers === undefined) return;
  const length = frame.length - headers.payload;
  const count = Math.max(1, Math.ceil(length / segmentSize));
  for (let index = 0; index < count; index++) {
    const from = headers.payload + index * segmentSize;
    const payload = frame.subarray(from, Math.min(from + segmentSize, frame.length));
    const segment = new Uint8Array(headers.payload + payload.length);
    segment.set(frame.subarray(0, headers.payload));
    segment.set(payload, headers.payload);
    rewriteIp(segment, headers, index);
    rewriteTcp(segment, headers, index * segmentSize, { first: index === 0, last: index === count - 1 });
    yield segment;
  }
}

function rewriteIp(segment: Uint8Array, { version, ip, tcp }: TcpHeaders, index: number): void {
  if (version === 6) {
    writeU16(segment, ip + 4, segment.length - ip - 40);
    return;
  }
  writeU16(segment, ip + 2, segment.length - ip);
  // Each datagram needs an identification of its own (RFC 6864).
  writeU16(segment, ip + 4, (readU16(segment, ip + 4) + index) & 0xffff);
  writeIpv4Checksum(segment, ip, tcp);
}

function rewriteTcp(
  segment: Uint8Array,
  headers: TcpHeaders,
  sent: number,
  place: { readonly first: boolean; readonly last: boolean },
): void {
  const { tcp } = headers;
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length);
  view.setUint32(tcp + 4, (view.getUint32(tcp + 4) + sent) >>> 0);
  const kept = (place.first ? 0xff : ~CWR) & (place.last ? 0xff : ~(FIN | PSH));
  view.setUint8(tcp + FLAGS, view.getUint8(tcp + FLAGS) & kept);
  view.setUint16(tcp + TCP_CHECKSUM, foldChecksum(pseudoHeaderSum(segment, headers)) ^ 0xffff);
  completeChecksum(segment, tcp, TCP_CHECKSUM);
}

/** The sum of both addresses, the protocol and the length (RFC 9293, 3.1; RFC 8200, 8.1). */
function pseudoHeaderSum(segment: Uint8Array, { version, ip, tcp }: TcpHeaders): number {
  const [start, end] = version === 4 ? [ip + 12, ip + 20] : [ip + 8, ip + 40];
  return addWords(TCP_PROTOCOL + segment.length - tcp, segment, start, end);
}
