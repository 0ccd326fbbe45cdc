import type { ArchitectureSource, ProcessorCatalogue, ProcessorModel } from '@qvm/core/architecture';
import { printJson, printLines } from '../report/print.js';
import { table } from '../report/table.js';
import { chosenArchitectures } from './chosen-architectures.js';

/** Options of `qvm cpu list`. */
export interface CpuFlags {
  readonly arch?: string;
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

const NOTHING: ProcessorCatalogue = { models: [], features: {} };

/** `qvm cpu list`: what `cpumodel` can choose, of each architecture or of one. */
export async function listCpus({ arch, json, plugin = [] }: CpuFlags): Promise<void> {
  const chosen = await chosenArchitectures(arch, plugin);
  if (json === true) printJson(chosen.map(({ name, processors = NOTHING }) => ({ architecture: name, ...processors })));
  else printLines(chosen.map(describe));
}

function describe({ name, processors = NOTHING }: ArchitectureSource): string {
  const { models, features } = processors;
  const rows = models.map((model, index) => [
    model.name,
    `${model.description}${index === 0 ? ' (default)' : ''}${missingText(model, processors)}`,
  ]);
  const known = Object.entries(features).map(([feature, { description, implemented, needs = [] }]) => [
    feature,
    description,
    implemented ? '' : 'not there yet',
    needs.length === 0 ? '' : `needs ${needs.join(', ')}`,
  ]);
  const parts = [`  Models\n${rows.length === 0 ? '    none' : table(rows, '    ')}`];
  if (known.length !== 0) parts.push(`  Features\n${table(known, '    ')}`);
  return [name, ...parts].join('\n');
}

/** The features for which a model cannot be chosen. */
function missingText({ features }: ProcessorModel, catalogue: ProcessorCatalogue): string {
  const missing = features.filter((feature) => catalogue.features[feature]?.implemented !== true);
  return missing.length === 0 ? '' : `; not there yet: ${missing.join(', ')}`;
}
