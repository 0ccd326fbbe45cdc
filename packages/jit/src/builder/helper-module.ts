import { Ty } from '../wasm/code-buffer.js';
import type { Helper } from './helper.js';

/** Types of a function of a {@link HelperModule}, as generated from its binary. @experimental */
export interface HelperSignature {
  /** Types of the parameters. */
  readonly params: readonly ('i32' | 'i64' | 'v128')[];
  /** Type of the result. */
  readonly result: 'i32' | 'i64' | 'v128';
}

/**
 * A WebAssembly module with functions for semantic functions, which is compiled from AssemblyScript. Its only import is
 * `env.memory`, a shared memory.
 *
 * @experimental
 */
export class HelperModule<Name extends string> {
  readonly #helpers: ReadonlyMap<Name, Helper>;
  #compiled: WebAssembly.Module | undefined;

  /**
   * @param name - name of the module in imports.
   * @param binary - the binary in base64.
   * @param signatures - types of its functions.
   * @param isPure - whether a function neither reads nor writes memory. Default: none does.
   */
  constructor(
    readonly name: string,
    private readonly binary: string,
    signatures: Readonly<Record<Name, HelperSignature>>,
    isPure: (name: Name) => boolean = () => true,
  ) {
    const describe = (name: Name): Helper => {
      const { params, result } = signatures[name];
      return {
        module: this.name,
        name,
        params: params.map((type) => Ty[type]),
        result: Ty[result],
        pure: isPure(name),
      };
    };
    this.#helpers = new Map((Object.keys(signatures) as Name[]).map((name) => [name, describe(name)]));
  }

  /** All functions, for the imports of an interpreter. */
  get helpers(): readonly Helper[] {
    return [...this.#helpers.values()];
  }

  /** A function by its name. */
  helper(name: Name): Helper {
    return this.#helpers.get(name) as Helper;
  }

  /**
   * The compiled module, which can be posted to other threads. It is compiled at the first call.
   *
   * @throws WebAssembly.CompileError when the engine lacks SIMD or threads.
   */
  get compiled(): WebAssembly.Module {
    // Without Node's Buffer.
    this.#compiled ??= new WebAssembly.Module(
      Uint8Array.from(atob(this.binary), (character) => character.charCodeAt(0)),
    );
    return this.#compiled;
  }

  /**
   * The imports of a module that calls the functions. Functions may keep the state of a call in globals, so every
   * thread needs its own.
   *
   * @param memory - a shared memory of at least one page.
   * @throws WebAssembly.LinkError when the memory is not shared.
   */
  instantiate(memory: WebAssembly.Memory): WebAssembly.Imports {
    const { exports } = new WebAssembly.Instance(this.compiled, { env: { memory } });
    // The module exports functions only; it imports its memory.
    return { [this.name]: exports as WebAssembly.ModuleImports };
  }
}
