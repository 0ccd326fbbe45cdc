import { QvmError } from '@qvm/core';
import { VmMemory } from '@qvm/core/architecture';
import type {
  MemorySource,
  SharedMemoryAttachment,
  SharedMemoryHold,
  SharedMemoryInfo,
  SharedMemoryOwner,
  SharedMemoryRegistry,
} from '@qvm/core/services';
import { Attachment } from '../registry/attachment.js';
import type { SharedMemoryAnswers, SharedMemoryCall, SharedMemoryChannel, SharedMemoryEvent } from './messages.js';

/**
 * A VM thread's access to the registry and the memory pool of another thread.
 *
 * @experimental
 */
export class RemoteSharedMemory implements SharedMemoryRegistry, MemorySource {
  readonly #channel: SharedMemoryChannel;
  readonly #notified = new Map<number, () => void>();
  readonly #watchers = new Set<(name: string) => void>();

  constructor(channel: SharedMemoryChannel) {
    this.#channel = channel;
    channel.onEvent((event) => this.#take(event));
  }

  vmMemory(bytes: number): VmMemory {
    const share = this.#call({ kind: 'memory', bytes });
    return new VmMemory(share, () => this.#channel.note({ kind: 'give', offset: share.slice.offset }));
  }

  create(name: string, bytes: number, owner: SharedMemoryOwner): SharedMemoryHold {
    const { hold } = this.#call({ kind: 'create', name, bytes, owner });
    return { release: () => this.#channel.note({ kind: 'release', hold }) };
  }

  attach(name: string, owner: SharedMemoryOwner, notified: () => void): SharedMemoryAttachment {
    const { attachment, ...attached } = this.#call({ kind: 'attach', name, owner });
    this.#notified.set(attachment, notified);
    return new Attachment(
      { name, ...attached },
      {
        wake: (clients) => this.#channel.note({ kind: 'wake', attachment, clients }),
        detach: () => {
          this.#notified.delete(attachment);
          this.#channel.note({ kind: 'detach', attachment });
        },
      },
    );
  }

  watch(created: (name: string) => void): () => void {
    const watcher = (name: string): void => created(name);
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  regions(): readonly SharedMemoryInfo[] {
    return this.#call({ kind: 'regions' });
  }

  #call<C extends SharedMemoryCall>(call: C): SharedMemoryAnswers[C['kind']] {
    const reply = this.#channel.call(call);
    if (!reply.ok) throw new QvmError(reply.code, reply.message);
    // The registry's thread answers each kind of call with its kind of answer.
    return reply.answer as SharedMemoryAnswers[C['kind']];
  }

  #take(event: SharedMemoryEvent): void {
    if (event.kind === 'notified') this.#notified.get(event.attachment)?.();
    else for (const watcher of [...this.#watchers]) watcher(event.name);
  }
}
