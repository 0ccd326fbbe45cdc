import type { Builder } from '../builder/builder.js';
import { Flow } from '../builder/back-end.js';
import { Graph } from '../builder/graph.js';
import type { Helper } from '../builder/helper.js';
import { EngineState } from '../builder/layout.js';
import { LocalPool } from '../builder/local-pool.js';
import { CHAIN } from '../interpreter/chain.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { Block, ControlFlowGraph } from './control-flow-graph.js';
import type { RegionDescription } from './description.js';
import { Facts } from './facts.js';
import { deadFlags } from './flag-liveness.js';
import { FlagTraitsFinder } from './flag-traits.js';
import { nextOffset, targetOffset } from './region-instruction.js';
import type { RegionInstruction } from './region-instruction.js';
import { runSemantics } from './run-semantics.js';
import { REGION_SIGNATURE } from './region-signature.js';
import { RegionBackEnd, UNKNOWN_FLAGS } from './region-back-end.js';
import type { RegionFrame } from './region-back-end.js';
import { CachedRegisters, PromotedRegisters } from './register-homes.js';
import type { RegisterHomes } from './register-homes.js';
import { emitStructured } from './structure.js';
import { WaysOut } from './ways-out.js';

/**
 * A region to be translated.
 *
 * @experimental
 */
export interface RegionCode<B> {
  /** The blocks to translate. */
  readonly graph: ControlFlowGraph<B>;
}

/**
 * A module of translated regions. It holds no address of the VM, so any VM with the same instruction set can use it for
 * the same guest code.
 *
 * @experimental
 */
export interface TranslatedModule {
  /** The module in the binary format. Region `i` is the export `r<i>`; `env.links` is the address of the module's links. */
  readonly bytes: Uint8Array;
  /** Number of links: u32 each, the address of the slot of a page that a region continues in. 0: the page is not known. */
  readonly links: number;
  /** The number of the link of each page but the first, by page number, for each region. */
  readonly regions: readonly ReadonlyMap<number, number>[];
}

const [CPU, LEFT, PAGE] = [0, 1, 2];
/** See {@link RegionDescription.promotedInstructions}. */
const PROMOTED_INSTRUCTIONS = 100;

/**
 * Translates regions of guest code to functions of one WebAssembly module. A region keeps guest registers and flags in
 * locals and returns the address at which execution continues in `EngineState.address`. It calls the engine only
 * where a row does (`Builder.callEngine`), which changes nothing that the locals hold.
 *
 * @experimental
 */
export class RegionTranslator<B extends Builder> {
  readonly #traits: FlagTraitsFinder<B>;
  // Buffers that are reused for all regions.
  readonly #graph = new Graph();
  readonly #body = new CodeBuffer(0x1_0000);
  readonly #whole = new CodeBuffer(0x1_0000);

  constructor(private readonly description: RegionDescription<B>) {
    this.#traits = new FlagTraitsFinder(description.builder);
  }

  /**
   * Translates a batch.
   *
   * @param exactAlignment - whether misaligned accesses leave the region, because the system may not allow them.
   */
  translate(regions: readonly RegionCode<B>[], exactAlignment: boolean): TranslatedModule {
    const writer = new ModuleWriter();
    writer.importAddress('env', 'links');
    const functions = new Map<string, number>();
    const key = (h: Helper): string => `${h.module}.${h.name}`;
    // Imports come first in a module, and only the functions in use are imported, because linking them takes time.
    const functionOf = (helper: Helper): number => {
      const known = functions.get(key(helper));
      if (known !== undefined) return known;
      const index = writer.import(helper.module, helper.name, {
        params: helper.params,
        results: helper.result === undefined ? [] : [helper.result],
      });
      functions.set(key(helper), index);
      return index;
    };
    let links = 0;
    const linksOf = regions.map(
      ({ graph }) => new Map(graph.pages.filter((number) => number !== 0).map((number) => [number, links++])),
    );
    const bodies = regions.map(({ graph }, i) =>
      this.#region(graph, linksOf[i] as ReadonlyMap<number, number>, functionOf, exactAlignment),
    );
    bodies.forEach(({ locals, code }, i) => writer.define(writer.declare(), REGION_SIGNATURE, locals, code, `r${i}`));
    return { bytes: writer.toBytes(), links, regions: linksOf };
  }

  #region(
    graph: ControlFlowGraph<B>,
    links: ReadonlyMap<number, number>,
    functionOf: (helper: Helper) => number,
    exactAlignment: boolean,
  ): { locals: readonly Ty[]; code: Uint8Array } {
    const code = this.#body;
    code.clear();
    const locals = new LocalPool(REGION_SIGNATURE.params.length);
    const [pc, bank, chain] = [locals.reserve(Ty.i64), locals.reserve(Ty.i32), locals.reserve(Ty.i32)] as const;
    const builder = new this.description.builder(code, locals, CPU, functionOf, this.#graph);
    builder.exactAlignment = exactAlignment;
    builder.bank = bank;
    const exit = code.block();
    const ways = new WaysOut(code, locals, { left: LEFT, page: PAGE, pc, chain });
    const frame: RegionFrame = { cpu: CPU, left: LEFT, page: PAGE, pc, bank, exit, chain, ways };
    const successors = graph.blocks.map((b) => b.successors);
    const { dominance } = graph;
    const { promotedInstructions = PROMOTED_INSTRUCTIONS } = this.description;
    const promotes = dominance.isLoop.includes(true) && graph.instructions <= promotedInstructions;
    const homes = new (promotes ? PromotedRegisters : CachedRegisters)(code, locals, CPU);
    const flagHomes = new PromotedRegisters(code, locals, CPU);
    const dead = deadFlags(graph, this.#traits);
    const backEnd = new RegionBackEnd<B>(builder, frame, this.description.flags, homes, flagHomes);
    builder.use(backEnd);
    const before = predecessors(successors);
    const flagKinds: number[] = [];
    const facts: Facts[] = [];
    const blockAt = (block: number): Block<B> => graph.blocks[block] as Block<B>;
    const wayLocals = new WayLocals(locals);
    emitStructured(
      code,
      successors,
      {
        emit: (block, isLoop) => {
          // A path through the region without a loop needs no test: it has at most as many instructions as are left at
          // the entry.
          if (mayRepeat(blockAt(block), isLoop)) leaveIfShort(blockAt(block), graph.instructions, backEnd, frame);
          // Control also enters from outside, and the last blocks of a loop are not known yet.
          const from = block === 0 || isLoop ? [] : (before[block] as readonly number[]);
          const kinds = new Set(from.map((n) => flagKinds[n] as number));
          const flagKind = kinds.size === 1 ? (flagKinds[from[0] as number] as number) : UNKNOWN_FLAGS;
          backEnd.enterBlock(flagKind, Facts.common(from.map((n) => facts[n] ?? Facts.none())));
          this.#block(blockAt(block), dead[block] as readonly boolean[], builder, backEnd, frame);
          emitEnd(blockAt(block), block, backEnd, links, wayLocals);
          flagKinds[block] = backEnd.flagKind;
          facts[block] = backEnd.facts;
        },
        leave: (block, edge) => {
          const { start, end } = blockAt(block);
          if (end.kind === 'return') backEnd.leaveFrom(end.from);
          else if (end.kind === 'page') backEnd.leaveTo(start);
          else backEnd.goTo(destination(blockAt(block), edge));
        },
      },
      dominance,
    );
    ways.end();
    code.end();
    return { locals: locals.types, code: this.#join([homes, flagHomes], frame, functionOf(CHAIN)) };
  }

  /** Joins the homes' entry and exit code with the body. */
  #join(homes: readonly RegisterHomes[], frame: RegionFrame, chain: number): Uint8Array {
    const code = this.#whole;
    code.clear();
    for (const each of homes) each.emitEntry(code);
    code.get(frame.cpu).memory(Op.i32_load, EngineState.bank).set(frame.bank);
    code.append(this.#body.bytes);
    for (const each of homes) each.emitExit(code);
    code.get(frame.cpu).get(frame.pc).memory(Op.i64_store, EngineState.address);
    code.get(frame.chain).if();
    code.get(frame.cpu).get(frame.left).get(frame.pc).returnCall(chain).end();
    code.get(frame.cpu).i32(1).memory(Op.i32_store, EngineState.leftInside);
    code.get(frame.left);
    return code.toBytes();
  }

  #block(
    { instructions }: Block<B>,
    dead: readonly boolean[],
    builder: B,
    backEnd: RegionBackEnd<B>,
    { left }: RegionFrame,
  ): void {
    const count = instructions.length;
    if (count > 0) builder.code.get(left).i32(count).op(IntOp.sub[0]).set(left);
    instructions.forEach((instruction, i) => {
      backEnd.begin(instruction, count - i, dead[i] === true);
      runSemantics(builder, instruction);
    });
  }
}

/** The predecessors of each block. */
function predecessors(successors: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const before: number[][] = successors.map(() => []);
  successors.forEach((next, n) => {
    for (const s of next) if (s >= 0) before[s]?.push(n);
  });
  return before;
}

/**
 * Leaves at a loop header when fewer instructions are left than one iteration may take: the interpreter executes the
 * last ones.
 */
function leaveIfShort<B>(block: Block<B>, most: number, backEnd: RegionBackEnd<B>, { left }: RegionFrame): void {
  const { code } = backEnd.builder;
  code.get(left).i32(most).op(IntOp.lts[0]).if();
  backEnd.leaveTo(block.start);
  code.end();
}

/** Whether a loop tests at a block that enough instructions are left. A dispatch has no place to continue at. */
function mayRepeat<B>({ end }: Block<B>, isLoop: boolean): boolean {
  return end.kind === 'select' ? end.repeats : isLoop && end.kind !== 'dispatch';
}

/** The local of each block of kind `dispatch` that tells the way. */
class WayLocals {
  readonly #locals = new Map<number, number>();

  constructor(private readonly pool: LocalPool) {}

  of(block: number): number {
    const known = this.#locals.get(block);
    if (known !== undefined) return known;
    const local = this.pool.reserve(Ty.i32);
    this.#locals.set(block, local);
    return local;
  }
}

/** Emits the end of a block: the condition that chooses its successor, or an exit from the region. */
function emitEnd<B>(
  { end, successors }: Block<B>,
  block: number,
  backEnd: RegionBackEnd<B>,
  links: ReadonlyMap<number, number>,
  ways: WayLocals,
): void {
  const { code } = backEnd.builder;
  switch (end.kind) {
    case 'return':
      backEnd.emitGoesTo(end.to);
      break;
    case 'page':
      backEnd.emitHasPage(end.to, links.get(end.to) as number);
      break;
    case 'select':
      code.i32(end.way).set(ways.of(end.dispatch));
      break;
    case 'dispatch':
      code.get(ways.of(block));
      if (successors.length === 2) code.op(Op.i32_eqz);
      break;
    case 'flow':
      if (successors.length === 0) backEnd.leaveFrom(end.from);
  }
}

/** Offset from the region's page of a block's successor. */
function destination<B>(block: Block<B>, edge: number): number {
  const last = block.instructions[block.instructions.length - 1] as RegionInstruction<B>;
  const taken = edge === 0 && (last.flow === Flow.Branch || last.flow === Flow.Jump || last.flow === Flow.Call);
  return taken ? targetOffset(last) : nextOffset(last);
}
