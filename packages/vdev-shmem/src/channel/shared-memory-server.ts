import { QvmError } from '@qvm/core';
import type { MemoryPool, MemorySlice, SharedMemoryHold, SharedMemoryOwner } from '@qvm/core/services';
import type { Attachment } from '../registry/attachment.js';
import type { LocalSharedMemory } from '../registry/local-shared-memory.js';
import { requireRegionName } from '../registry/region-name.js';
import type { SharedMemoryAnswers, SharedMemoryEvent, SharedMemoryReply } from './messages.js';

/** Largest number of slices, holds and attachments of one VM's thread at a time. */
const MOST_HANDLES = 256;

/**
 * The registry's end of a channel to one VM's thread. It trusts no input: a VM that has escaped from its sandbox can
 * only use the resources that its thread was given.
 *
 * @experimental
 */
export class SharedMemoryServer {
  readonly #registry: LocalSharedMemory;
  readonly #pool: MemoryPool;
  readonly #vm: string;
  readonly #send: (event: SharedMemoryEvent) => void;
  readonly #slices = new Map<number, MemorySlice>();
  readonly #holds = new Map<number, SharedMemoryHold>();
  readonly #attachments = new Map<number, Attachment>();
  readonly #unwatch: () => void;
  #nextHandle = 1;

  /**
   * @param vm - name of the VM, the owner of everything that the thread does.
   * @param send - sends events to the thread.
   */
  constructor(registry: LocalSharedMemory, pool: MemoryPool, vm: string, send: (event: SharedMemoryEvent) => void) {
    this.#registry = registry;
    this.#pool = pool;
    this.#vm = vm;
    this.#send = send;
    this.#unwatch = registry.watch((name) => send({ kind: 'created', name }));
  }

  /** Answers a call. */
  call(call: unknown): SharedMemoryReply {
    try {
      return { ok: true, answer: this.#answer(fieldsOf(call)) };
    } catch (error) {
      if (error instanceof QvmError) return { ok: false, code: error.code, message: error.message };
      throw error;
    }
  }

  /** Executes a note; an invalid one has no effect. */
  note(note: unknown): void {
    const { kind, offset, hold, attachment, clients } = fieldsOf(note);
    if (kind === 'give') this.#give(Number(offset));
    else if (kind === 'release') this.#release(Number(hold));
    else if (kind === 'detach') this.#detach(Number(attachment));
    else if (kind === 'wake') this.#attachments.get(Number(attachment))?.wake(Number(clients));
  }

  /** Releases all resources of the thread, which must have ended, because its memory may be reused at once. */
  close(): void {
    this.#unwatch();
    for (const attachment of [...this.#attachments.keys()]) this.#detach(attachment);
    for (const hold of [...this.#holds.keys()]) this.#release(hold);
    for (const offset of [...this.#slices.keys()]) this.#give(offset);
  }

  #answer(call: Fields): SharedMemoryAnswers[keyof SharedMemoryAnswers] {
    if (this.#slices.size + this.#holds.size + this.#attachments.size >= MOST_HANDLES) {
      throw new QvmError('shmem.limit', `The VM ${this.#vm} has too many shares of memory.`);
    }
    switch (call['kind']) {
      case 'memory':
        return this.#takeMemory(Number(call['bytes']));
      case 'create':
        return this.#create(requireRegionName(call['name']), Number(call['bytes']), this.#owner(call['owner']));
      case 'attach':
        return this.#attach(requireRegionName(call['name']), this.#owner(call['owner']));
      case 'regions':
        return this.#registry.regions();
      default:
        throw new QvmError('shmem.call', 'There is no such call.');
    }
  }

  #takeMemory(bytes: number): SharedMemoryAnswers['memory'] {
    const slice = this.#pool.take(bytes);
    this.#slices.set(slice.offset, slice);
    return this.#pool.share(slice);
  }

  #create(name: string, bytes: number, owner: SharedMemoryOwner): SharedMemoryAnswers['create'] {
    const hold = this.#nextHandle++;
    this.#holds.set(hold, this.#registry.create(name, bytes, owner));
    return { hold };
  }

  #attach(name: string, owner: SharedMemoryOwner): SharedMemoryAnswers['attach'] {
    const attachment = this.#nextHandle++;
    const client = this.#registry.attach(name, owner, () => this.#send({ kind: 'notified', attachment }));
    this.#attachments.set(attachment, client);
    const { index, bytes, slice } = client;
    return { attachment, index, bytes, slice, memory: this.#pool.memory };
  }

  #owner(given: unknown): SharedMemoryOwner {
    return { vm: this.#vm, vdev: String(fieldsOf(given)['vdev']).slice(0, 64) };
  }

  #give(offset: number): void {
    const slice = this.#slices.get(offset);
    this.#slices.delete(offset);
    if (slice !== undefined) this.#pool.give(slice);
  }

  #release(hold: number): void {
    this.#holds.get(hold)?.release();
    this.#holds.delete(hold);
  }

  #detach(attachment: number): void {
    this.#attachments.get(attachment)?.detach();
    this.#attachments.delete(attachment);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
