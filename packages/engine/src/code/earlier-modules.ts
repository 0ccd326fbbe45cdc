import type { RegionModule } from './region-module.js';

/** Number of modules that are compiled at a time: those that earlier runs used first are to be ready first. */
const COMPILATIONS = 4;

/** The owner of modules of earlier runs. */
export interface EarlierModulesClient {
  /** A module is to be opened. `compile` throws `WebAssembly.CompileError` if it is not valid. */
  open(module: RegionModule, compile: () => WebAssembly.Module): void;
  /** A module was compiled in the background: `open` is to be called while a vCPU runs. */
  arrived(open: () => void): void;
  /** A module is not valid. */
  refused(module: RegionModule): void;
}

/**
 * Modules of earlier runs that are not compiled yet.
 *
 * @internal
 */
export class EarlierModules {
  readonly #waiting: RegionModule[] = [];
  /** Number of modules that are being compiled. */
  #compiling = 0;

  /** @param background - whether they are compiled on background threads; otherwise the guest waits. */
  constructor(
    private readonly background: boolean,
    private readonly client: EarlierModulesClient,
  ) {}

  add(module: RegionModule): void {
    this.#waiting.push(module);
  }

  /** Forgets those that are not being compiled. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Has all of them compiled. */
  compile(): void {
    if (this.background) {
      while (this.#compiling < COMPILATIONS && this.#waiting.length > 0)
        this.#compileLater(this.#waiting.shift() as RegionModule);
      return;
    }
    for (const module of this.#waiting.splice(0))
      this.client.open(module, () => new WebAssembly.Module(module.bytes as Uint8Array<ArrayBuffer>));
  }

  #compileLater(module: RegionModule): void {
    const { client } = this;
    this.#compiling++;
    WebAssembly.compile(module.bytes as Uint8Array<ArrayBuffer>)
      .then(
        (compiled) => client.arrived(() => client.open(module, () => compiled)),
        () => client.refused(module),
      )
      .finally(() => {
        this.#compiling--;
        this.compile();
      });
  }
}
