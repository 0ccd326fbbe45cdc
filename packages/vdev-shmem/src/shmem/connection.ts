import type { Json } from '@qvm/core';
import type { SharedMemoryAttachment, SharedMemoryOwner, SharedMemoryRegistry } from '@qvm/core/services';
import type { VdevContext } from '@qvm/core/vdev';

/** Value of IDX while not attached to a region. */
const NOT_ATTACHED = 0xffff_ffff;

/**
 * A guest's connection to one region. Its doorbell is a level that is high from a notification until the guest reads
 * the status.
 */
export class Connection {
  readonly attachment: SharedMemoryAttachment;
  readonly #changed: () => void;
  #raised = false;
  #posted = false;

  /**
   * @param changed - called when `raised` may have changed.
   * @throws QvmError `shmem.unknown`, `shmem.clients`.
   */
  constructor(registry: SharedMemoryRegistry, name: string, context: VdevContext, changed: () => void) {
    this.#changed = changed;
    this.attachment = registry.attach(name, ownerOf(context), () => this.#notified(context));
  }

  /** Whether there was a notification since the guest last read the status. */
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

  /** Posts one task, however often others ring while the VM is not running. */
  #notified(context: VdevContext): void {
    if (this.#posted) return;
    this.#posted = true;
    context.post(() => {
      this.#posted = false;
      if (this.attachment.pending !== 0) this.raise(true);
    });
  }
}

/** The register values of a connection, which may be absent. */
export const statusOf = (connection: Connection | undefined): number => connection?.takeStatus() ?? 0;
export const indexOf = (connection: Connection | undefined): number => connection?.attachment.index ?? NOT_ATTACHED;

/** The vdev's identity as an owner in the registry. */
export function ownerOf({ vm, name }: VdevContext): SharedMemoryOwner {
  return { vm, vdev: name };
}
