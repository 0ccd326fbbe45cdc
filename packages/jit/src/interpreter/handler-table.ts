import { Flow } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import type { Row } from '../describe/row.js';
import type { Handler, InterpreterDescription, RowHandlers } from './description.js';
import { forEachStatic, operandsOf, staticsOf } from './operands.js';
import { REACHES, Reach } from './reach.js';
import type { RecordField } from './record-fields.js';

/** A handler, before and after its code has been emitted. @internal */
export interface PendingHandler<B> extends Handler<B> {
  /** Its number. */
  readonly number: number;
  /** Where its jump goes. */
  readonly reach: Reach;
  /** Whether its code is outside of the main function: see `InterpreterDescription.isRare`. */
  readonly rare: boolean;
  fields: readonly RecordField[];
  flow: Flow;
}

/** The handlers of the rows of an instruction set, with their numbers. @internal */
export class HandlerTable<B extends Builder> {
  /** In the order of their numbers. */
  readonly handlers: PendingHandler<B>[] = [];
  readonly rows = new Map<Row<B>, RowHandlers>();
  readonly #isRare: (row: Row<B>, statics: Readonly<Record<string, number>>) => boolean;

  /** @param first - number of the first handler, after the built-in ones. */
  constructor(
    { rows, isRare = () => false }: InterpreterDescription<B>,
    private readonly first: number,
  ) {
    this.#isRare = isRare;
    for (const row of rows) this.#enumerate(row);
  }

  /** Assigns numbers to the handlers of a row. */
  #enumerate(row: Row<B>): void {
    const statics = staticsOf(row);
    const operands = operandsOf(row);
    const target = operands.find((o) => o.kind === 'target');
    const branches = target !== undefined;
    const placed = target ?? operands.find((o) => o.kind === 'place');
    const total = statics.reduce((product, s) => product * s.count, 1);
    const index = new Int32Array(total * REACHES).fill(-1);
    forEachStatic(statics, (values, i) => {
      if (!row.valid(values)) return;
      for (let reach: Reach = Reach.Ahead; reach < REACHES; reach++) {
        const own = reach === Reach.Ahead || branches;
        index[i * REACHES + reach] = own ? this.#add(row, values, reach) : (index[i * REACHES] as number);
      }
    });
    this.rows.set(row, { statics, operands, target, placed, index });
  }

  /** Adds a handler; returns its number. */
  #add(row: Row<B>, statics: Record<string, number>, reach: Reach): number {
    const number = this.first + this.handlers.length;
    this.handlers.push({
      row,
      number,
      statics,
      reach,
      rare: this.#isRare(row, statics),
      fields: [],
      flow: Flow.Next,
    });
    return number;
  }
}
