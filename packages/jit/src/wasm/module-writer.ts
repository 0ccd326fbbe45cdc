import { CodeBuffer, Ty } from './code-buffer.js';

/**
 * Signature of a WebAssembly function.
 *
 * @experimental
 */
export interface Signature {
  /** Types of the parameters. */
  readonly params: readonly Ty[];
  /** Types of the results. */
  readonly results: readonly Ty[];
}

/**
 * A function's locals beyond the parameters, and its code without the final `end`.
 *
 * @experimental
 */
export interface FunctionBody {
  /** Types of the locals after the parameters. */
  readonly locals: readonly Ty[];
  /** The instructions. */
  readonly code: Uint8Array;
}

/** 4 GiB in pages, so that the module fits every shared memory. */
const MAXIMUM_PAGES = 0x10000;

interface Import {
  readonly module: string;
  readonly name: string;
  readonly type: number;
}

interface Body {
  readonly type: number;
  readonly locals: readonly Ty[];
  readonly code: Uint8Array;
  readonly exportName: string | undefined;
}

/**
 * Writes a module that imports one shared memory (`env.memory`) and functions, and defines functions. Imports must be
 * declared before functions.
 *
 * @experimental
 */
export class ModuleWriter {
  readonly #types: string[] = [];
  readonly #signatures: Signature[] = [];
  readonly #imports: Import[] = [];
  readonly #addresses: Pick<Import, 'module' | 'name'>[] = [];
  #table: { readonly exportName: string; readonly size: number } | undefined;
  readonly #bodies: (Body | undefined)[] = [];

  /** Declares an imported function and returns its index. */
  import(module: string, name: string, signature: Signature): number {
    if (this.#bodies.length > 0) throw new Error('imports come before functions');
    this.#imports.push({ module, name, type: this.#type(signature) });
    return this.#imports.length - 1;
  }

  /** Declares an imported address, a global i32 that never changes, and returns the number of the global. */
  importAddress(module: string, name: string): number {
    return this.#addresses.push({ module, name }) - 1;
  }

  /** Reserves the index of a function that {@link define} gives a body. */
  declare(): number {
    this.#bodies.push(undefined);
    return this.#imports.length + this.#bodies.length - 1;
  }

  /** Defines the body of a declared function; `code` lacks the final `end`. */
  define(index: number, signature: Signature, locals: readonly Ty[], code: Uint8Array, exportName?: string): void {
    this.#bodies[index - this.#imports.length] = { type: this.#type(signature), locals, code, exportName };
  }

  /** Defines the module's table of functions and exports it. */
  defineTable(exportName: string, size: number): void {
    this.#table = { exportName, size };
  }

  /** Emits an indirect call through the index on the stack. */
  callIndirect(code: CodeBuffer, signature: Signature): void {
    code.byte(0x11).unsigned(this.#type(signature)).unsigned(0);
  }

  /** Emits an indirect call that replaces the rest of the function (Tail Call proposal). */
  returnCallIndirect(code: CodeBuffer, signature: Signature): void {
    code.byte(0x13).unsigned(this.#type(signature)).unsigned(0);
  }

  /** The module in the binary format. */
  toBytes(): Uint8Array {
    const out = new CodeBuffer(4096);
    out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const bodies = this.#bodies.map((body, i) => {
      if (!body) throw new Error(`function ${i} was declared but not defined`);
      return body;
    });
    section(out, 1, (s) => {
      s.unsigned(this.#signatures.length);
      for (const { params, results } of this.#signatures) {
        s.byte(0x60).unsigned(params.length);
        for (const t of params) s.byte(t);
        s.unsigned(results.length);
        for (const t of results) s.byte(t);
      }
    });
    section(out, 2, (s) => {
      s.unsigned(this.#imports.length + this.#addresses.length + 1);
      s.name('env').name('memory').byte(2).byte(3).unsigned(1).unsigned(MAXIMUM_PAGES);
      for (const i of this.#imports) s.name(i.module).name(i.name).byte(0).unsigned(i.type);
      for (const { module, name } of this.#addresses) s.name(module).name(name).byte(3).byte(Ty.i32).byte(0);
    });
    section(out, 3, (s) => {
      s.unsigned(bodies.length);
      for (const body of bodies) s.unsigned(body.type);
    });
    const table = this.#table;
    if (table) section(out, 4, (s) => s.unsigned(1).byte(0x70).byte(1).unsigned(table.size).unsigned(table.size));
    section(out, 7, (s) => {
      const exported = bodies
        .map((body, i) => ({ body, index: this.#imports.length + i }))
        .filter((e) => e.body.exportName !== undefined);
      s.unsigned(exported.length + (table ? 1 : 0));
      if (table) s.name(table.exportName).byte(1).unsigned(0);
      for (const { body, index } of exported)
        s.name(body.exportName as string)
          .byte(0)
          .unsigned(index);
    });
    section(out, 10, (s) => {
      s.unsigned(bodies.length);
      for (const body of bodies) writeBody(s, body);
    });
    return out.toBytes();
  }

  #type(signature: Signature): number {
    const key = `${signature.params.join()}:${signature.results.join()}`;
    const found = this.#types.indexOf(key);
    if (found >= 0) return found;
    this.#types.push(key);
    this.#signatures.push(signature);
    return this.#types.length - 1;
  }
}

function section(out: CodeBuffer, id: number, write: (content: CodeBuffer) => void): void {
  const content = new CodeBuffer();
  write(content);
  out.byte(id).unsigned(content.length).append(content.toBytes());
}

function writeBody(out: CodeBuffer, body: Body): void {
  const head = new CodeBuffer();
  const groups: [number, Ty][] = [];
  for (const ty of body.locals) {
    const last = groups[groups.length - 1];
    if (last && last[1] === ty) last[0]++;
    else groups.push([1, ty]);
  }
  head.unsigned(groups.length);
  for (const [count, ty] of groups) head.unsigned(count).byte(ty);
  out
    .unsigned(head.length + body.code.length + 1)
    .append(head.toBytes())
    .append(body.code)
    .byte(0x0b);
}
