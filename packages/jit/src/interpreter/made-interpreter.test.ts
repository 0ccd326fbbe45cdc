import { Builder } from '../builder/builder.js';
import { TOY_GEOMETRY, toyFlags, toyRows } from '../toy/toy-isa.js';
import { generateInterpreter } from './interpreter.js';
import { madeInterpreter } from './made-interpreter.js';

const description = { rows: toyRows, geometry: TOY_GEOMETRY, flags: toyFlags, helpers: [], builder: Builder };

describe('an interpreter whose module was made before', () => {
  const generated = generateInterpreter({ ...description, isRare: ({ name }) => name.startsWith('ADD') });
  const made = madeInterpreter(description, generated.bytes);

  it('has the handlers of the generated one, with their fields and flows', () => {
    const facts = ({ handlers }: typeof made) => handlers.map((h) => h && [h.row.name, h.flow, h.fields]);
    expect(facts(made)).toEqual(facts(generated));
    expect(generated.handlers.some((h) => (h?.fields.length ?? 0) > 1)).toBe(true);
  });

  it('numbers handlers as the generated one', () => {
    for (const row of toyRows) expect(made.rows.get(row)?.index).toEqual(generated.rows.get(row)?.index);
  });
});
