import type { CharacterBackend, TerminalSize } from '../console/character-backend.js';
import type { Clock, ClockTimer } from '../clock/clock.js';
import type { DeviceMemory } from '../memory/device-memory.js';
import type { MemorySlice } from '../memory/memory-slice.js';
import type { MemoryWindow, WindowMapping } from '../memory/memory-window.js';
import type { AccessWidth, MmioHandler, PortHandler, WideValue } from '../memory/memory-region.js';
import { VdevError } from './vdev-error.js';

/**
 * Runs what a vdev does, and blames it by name when it throws.
 *
 * @experimental
 */
export class VdevGuard {
  readonly #vdev: string;
  readonly #failed: (error: VdevError) => void;

  /**
   * @param failed - told before the error is thrown on, so that an engine in between cannot lose it.
   */
  constructor(vdev: string, failed: (error: VdevError) => void) {
    this.#vdev = vdev;
    this.#failed = failed;
  }

  /** Wraps the cause of a failure. */
  blame(activity: string, cause: unknown): VdevError {
    if (cause instanceof VdevError) return cause;
    const error = new VdevError(this.#vdev, activity, cause);
    this.#failed(error);
    return error;
  }

  /**
   * @throws {@link VdevError} when `action` throws.
   */
  run<T>(activity: string, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw this.blame(activity, cause);
    }
  }

  /** The register half of the vdev. */
  handler(inner: MmioHandler): MmioHandler {
    return inner.readWide && inner.writeWide ? new GuardedWideHandler(inner, this) : new GuardedHandler(inner, this);
  }

  /** The ports of the vdev. */
  ports(inner: PortHandler): PortHandler {
    return new GuardedHandler(inner, this);
  }

  /** A window, for the vdev: registers that it maps are its own. */
  window(inner: MemoryWindow): MemoryWindow {
    return new GuardedWindow(inner, this);
  }

  /** The VM's clock, for the vdev. */
  clock(inner: Clock): Clock {
    return new GuardedClock(inner, this);
  }

  /** A host back end, for the vdev: input arrives as a task of the VM. */
  backend(inner: CharacterBackend, post: (task: () => void) => void): CharacterBackend {
    return new GuardedBackend(inner, this, post);
  }
}

class GuardedHandler<Inner extends PortHandler = PortHandler> implements PortHandler {
  protected readonly inner: Inner;
  readonly #guard: VdevGuard;

  constructor(inner: Inner, guard: VdevGuard) {
    this.inner = inner;
    this.#guard = guard;
  }

  read(offset: number, width: AccessWidth): number {
    try {
      return this.inner.read(offset, width);
    } catch (cause) {
      throw this.blame('read', offset, cause);
    }
  }

  write(offset: number, width: AccessWidth, value: number): void {
    try {
      this.inner.write(offset, width, value);
    } catch (cause) {
      throw this.blame('write', offset, cause);
    }
  }

  protected blame(access: 'read' | 'write', offset: number, cause: unknown): VdevError {
    return this.#guard.blame(`${access} of offset 0x${offset.toString(16)}`, cause);
  }
}

/** Of a handler that takes 64 bits at once. */
class GuardedWideHandler extends GuardedHandler<MmioHandler> implements MmioHandler {
  readWide(offset: number, value: WideValue): void {
    try {
      this.inner.readWide?.(offset, value);
    } catch (cause) {
      throw this.blame('read', offset, cause);
    }
  }

  writeWide(offset: number, value: Readonly<WideValue>): void {
    try {
      this.inner.writeWide?.(offset, value);
    } catch (cause) {
      throw this.blame('write', offset, cause);
    }
  }
}

class GuardedWindow implements MemoryWindow {
  readonly base: number;
  readonly size: number;
  readonly #inner: MemoryWindow;
  readonly #guard: VdevGuard;

  constructor(inner: MemoryWindow, guard: VdevGuard) {
    this.base = inner.base;
    this.size = inner.size;
    this.#inner = inner;
    this.#guard = guard;
  }

  map(offset: number, slice: MemorySlice, options?: WindowMapping): void {
    this.#inner.map(offset, slice, options);
  }

  mapOwn(offset: number, memory: DeviceMemory, owner?: string): void {
    this.#inner.mapOwn(offset, memory, owner);
  }

  mapRegisters(offset: number, size: number, handler: MmioHandler, owner?: string): void {
    this.#inner.mapRegisters(offset, size, this.#guard.handler(handler), owner);
  }

  unmap(offset: number): void {
    this.#inner.unmap(offset);
  }

  clear(): void {
    this.#inner.clear();
  }
}

class GuardedClock implements Clock {
  readonly #inner: Clock;
  readonly #guard: VdevGuard;
  readonly kind: Clock['kind'];

  constructor(inner: Clock, guard: VdevGuard) {
    this.#inner = inner;
    this.#guard = guard;
    this.kind = inner.kind;
  }

  now(): number {
    return this.#inner.now();
  }

  createTimer(name: string, callback: () => void): ClockTimer {
    return this.#inner.createTimer(name, () => this.#guard.run(`timer ${name}`, callback));
  }

  wallClockSeconds(): number {
    return this.#inner.wallClockSeconds();
  }
}

class GuardedBackend implements CharacterBackend {
  readonly #inner: CharacterBackend;
  readonly #guard: VdevGuard;
  readonly #post: (task: () => void) => void;
  /** Tasks that are on their way: more input meanwhile needs no other one, however much comes while the VM is paused. */
  readonly #posted = new Set<string>();

  constructor(inner: CharacterBackend, guard: VdevGuard, post: (task: () => void) => void) {
    this.#inner = inner;
    this.#guard = guard;
    this.#post = post;
  }

  get available(): number {
    return this.#inner.available;
  }

  write(bytes: Uint8Array): void {
    this.#inner.write(bytes);
  }

  read(max: number): Uint8Array {
    return this.#inner.read(max);
  }

  onInput(listener: (() => void) | undefined): void {
    this.#inner.onInput(listener === undefined ? undefined : this.#posting('input', listener));
  }

  get terminalSize(): TerminalSize | undefined {
    return this.#inner.terminalSize;
  }

  onResize(listener: (() => void) | undefined): void {
    this.#inner.onResize?.(listener === undefined ? undefined : this.#posting('resize', listener));
  }

  /** Notifications of the host may arrive between two slices, while the VM sleeps: the task wakes it. */
  #posting(what: string, listener: () => void): () => void {
    return () => {
      if (this.#posted.has(what)) return;
      this.#posted.add(what);
      this.#post(() => {
        this.#posted.delete(what);
        this.#guard.run(what, listener);
      });
    };
  }

  flush(): void {
    this.#inner.flush();
  }

  close(): void {
    this.#inner.close();
  }
}
