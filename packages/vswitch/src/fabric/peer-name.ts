import { QvmError } from '@qvm/core';

const SWITCH = /^[A-Za-z][A-Za-z0-9._-]{0,62}$/;
/** `vm/vdev`, optionally as the path that users of another hypervisor know. */
const DEVICE = /^(?:\/dev\/qvm\/)?([^/:\s]{1,64})\/([^/:\s]{1,64})$/;
/** Valid names of Linux interfaces: at most 15 bytes. */
const TAP = /^tap:([A-Za-z0-9][A-Za-z0-9._-]{0,14})$/;

/** The meaning of a `peer` option. */
export type Peer =
  | { readonly kind: 'switch'; readonly name: string }
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'tap'; readonly name: string };

/**
 * @throws QvmError `network.unknown-peer`
 */
export function parsePeer(text: string): Peer {
  if (SWITCH.test(text)) return { kind: 'switch', name: text };
  const [, tap] = TAP.exec(text) ?? [];
  if (tap !== undefined) return { kind: 'tap', name: tap };
  const [, vm, vdev] = DEVICE.exec(text) ?? [];
  if (vm !== undefined && vdev !== undefined) return { kind: 'device', path: `${vm}/${vdev}` };
  throw new QvmError(
    'network.unknown-peer',
    `${JSON.stringify(text)} is no peer: say the name of a switch (vswitch0), VM/VDEV or tap:NAME.`,
  );
}
