import { EtherType, payloadOf, readU16 } from '../frame/ethernet.js';

const TCP = 6;
const IPV4_MINIMUM = 20;
const IPV6_HEADER = 40;
const TCP_MINIMUM = 20;
/** IPv6 extension headers that are allowed before TCP: hop-by-hop, routing, destination options (RFC 8200, 4.1). */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);

/** Offset of the checksum in the TCP header. */
export const TCP_CHECKSUM = 16;

/** Offsets of the headers of a TCP frame; all of them are inside of the frame. */
export interface TcpHeaders {
  readonly version: 4 | 6;
  readonly ip: number;
  readonly tcp: number;
  readonly payload: number;
}

/** The headers of a TCP frame; `undefined` if it is not a well-formed TCP frame. */
export function findTcpHeaders(frame: Uint8Array): TcpHeaders | undefined {
  const { type, start: ip } = payloadOf(frame);
  const version = type === EtherType.IPv4 ? 4 : type === EtherType.IPv6 ? 6 : undefined;
  if (version === undefined || (frame[ip] ?? 0) >>> 4 !== version) return undefined;
  const tcp = version === 4 ? tcpInIpv4(frame, ip) : tcpInIpv6(frame, ip);
  if (tcp === undefined || tcp + TCP_MINIMUM > frame.length) return undefined;
  const length = ((frame[tcp + 12] ?? 0) >>> 4) * 4;
  const payload = tcp + length;
  return length < TCP_MINIMUM || payload > frame.length ? undefined : { version, ip, tcp, payload };
}

function tcpInIpv4(frame: Uint8Array, ip: number): number | undefined {
  const length = ((frame[ip] ?? 0) & 0xf) * 4;
  // A fragment (more-fragments or an offset) does not have a whole TCP header (RFC 791, 3.2).
  const fragment = (readU16(frame, ip + 6) & 0x3fff) !== 0;
  return length < IPV4_MINIMUM || fragment || frame[ip + 9] !== TCP ? undefined : ip + length;
}

function tcpInIpv6(frame: Uint8Array, ip: number): number | undefined {
  let next = frame[ip + 6];
  let at = ip + IPV6_HEADER;
  while (next !== undefined && EXTENSIONS.has(next)) {
    next = frame[at];
    // Length in units of 8 bytes, not counting the first unit, so each iteration advances.
    at += ((frame[at + 1] ?? 0) + 1) * 8;
  }
  return next === TCP ? at : undefined;
}
