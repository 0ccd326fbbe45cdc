/*
 * The ports by which firmware of PCs reports its progress: text at E9h (Bochs, "Port E9 hack") and 402h (SeaBIOS,
 * EDK II), and POST codes at 80h, which Linux also writes to for a short delay.
 */
import { BytePorts, requireObject, requireUnsigned, requireVersion } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import type { CharacterBackend } from '@qvm/core/services';
import type { ByteDevice, PortHandler, Vdev, VdevContext, VdevState } from '@qvm/core/vdev';

const STATE_VERSION = 1;
/** Firmware recognises the port by this value. */
const PRESENT = 0xe9;

/** @internal */
export class DebugPort implements Vdev {
  readonly ports: Readonly<Record<string, PortHandler>>;
  readonly #backend: CharacterBackend;
  readonly #hostdev: string;
  readonly #outgoing = new Uint8Array(1);
  #bytesOut = 0;
  #postCode = 0;

  /** @throws QvmError errors of opening the back end. */
  constructor(context: VdevContext, hostdev: string) {
    this.#hostdev = hostdev;
    this.#backend = context.openCharacterBackend(hostdev);
    const text: ByteDevice = { readByte: () => PRESENT, writeByte: (_port, value) => this.#send(value) };
    const post: ByteDevice = { readByte: () => this.#postCode, writeByte: (_port, value) => (this.#postCode = value) };
    this.ports = { bochs: new BytePorts(text), firmware: new BytePorts(text), post: new BytePorts(post) };
  }

  reset(): void {
    this.#postCode = 0;
    this.#backend.flush();
  }

  save(): VdevState {
    return { version: STATE_VERSION, state: { postCode: this.#postCode } };
  }

  restore(snapshot: VdevState): void {
    requireVersion(snapshot, STATE_VERSION);
    const state = requireObject(snapshot.state, ['postCode'], 'debug-port state');
    this.#postCode = requireUnsigned(state.postCode, 0xff, 'postCode');
  }

  status(): Readonly<Record<string, Json>> {
    return { hostdev: this.#hostdev, bytesOut: this.#bytesOut, postCode: this.#postCode };
  }

  dispose(): void {
    this.#backend.flush();
    this.#backend.close();
  }

  #send(character: number): void {
    this.#outgoing[0] = character;
    this.#backend.write(this.#outgoing);
    this.#bytesOut++;
  }
}
