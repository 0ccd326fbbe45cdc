import type { Json } from '@qvm/core';
import type { SharedMemoryAttachment, SharedMemoryOwner, SharedMemoryRegistry } from '@qvm/core/services';
import type { VdevContext } from '@qvm/core/vdev';

/** Value of IDX while there is no region. */
const NOT_ATTACHED = 0xffff_ffff;

/**
 * A guest's connection to one region: its doorbell as a level, high from a notification until the guest reads the status.
 */
export class Connection {
  readonly attachment: SharedMemoryAttachment;
  readonly #changed: () => void;
  #raised = false;
  #posted = false;

  /**
   * @param changed - told when `raised` may be another.
   * @throws QvmError `shmem.unknown`, `shmem.clients`.
   */
  constructor(registry: SharedMemoryRegistry, name: string, context: VdevContext, changed: () => void) {
    this.#changed = changed;
    this.attachment = registry.attach(name, ownerOf(context), () => this.#notified(context));
  }

  /** Whether the guest has not read the status since it was notified. */
  get raised(): boolean {
    return this.#raised;
  }

  get status(): Readonly<Record<string, Json>> {
    const { name, bytes, index, active, pending } = this.attachment;
    return { region: name, bytes, index, active, pending };
  }

  takeStatus(): number {
    const pending = this.attachment.takePending();
    this.raise(false);
    return ((this.attachment.active << 16) | pending) >>> 0;
  }

  raise(level: boolean): void {
    this.#raised = level;
    this.#changed();
  }

  detach(): void {
    this.attachment.detach();
    this.raise(false);
  }

  /** However often others ring while the VM does not run, one task is on its way. */
  #notified(context: VdevContext): void {
    if (this.#posted) return;
    this.#posted = true;
    context.post(() => {
      this.#posted = false;
      if (this.attachment.pending !== 0) this.raise(true);
    });
  }
}

/** What the registers show of a connection that may not be there. */
export const statusOf = (connection: Connection | undefined): number => connection?.takeStatus() ?? 0;
export const indexOf = (connection: Connection | undefined): number => connection?.attachment.index ?? NOT_ATTACHED;

/** How a vdev identifies itself to the registry. */
export function ownerOf({ vm, name }: VdevContext): SharedMemoryOwner {
  return { vm, vdev: name };
}
