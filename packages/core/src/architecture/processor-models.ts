import { nameHint } from '../text/nearest-name.js';

/**
 * A feature of a processor that a configuration can add to a model or take from it.
 *
 * @experimental
 */
export interface ProcessorFeature {
  /** One line for listings. */
  readonly description: string;
  /** Whether the processor of this version of qvm has it. One that it does not have cannot be added. */
  readonly implemented: boolean;
  /** Names of the features without which it is of no use. */
  readonly needs?: readonly string[];
}

/**
 * A processor model.
 *
 * @experimental
 */
export interface ProcessorModel {
  /** Name in configurations. */
  readonly name: string;
  /** One line for listings. */
  readonly description: string;
  /** Its features by name. A model with one that is not implemented cannot be chosen, unless the feature is taken away. */
  readonly features: readonly string[];
}

/**
 * The processor models of an architecture, and the features that models are made of.
 *
 * @experimental
 */
export interface ProcessorCatalogue {
  /** The models; the first is the default. At least one. */
  readonly models: readonly ProcessorModel[];
  /** All features, by name. */
  readonly features: Readonly<Record<string, ProcessorFeature>>;
}

/**
 * The processor of a VM: the same for all of its vCPUs.
 *
 * @experimental
 */
export interface Processor {
  /** Name of the model, with the features that were added and taken away, in the order of their names: `x86-64-v2,+aes`. */
  readonly name: string;
  /** Name of the model alone. */
  readonly model: string;
  /** The features that it has. All of them are implemented, and none lacks one that it needs. */
  readonly features: ReadonlySet<string>;
}

/**
 * A problem with the choice of a processor.
 *
 * @experimental
 */
export interface ProcessorProblem {
  /** The problem, as a phrase. */
  readonly message: string;
  /** The correction. Absent: the message says it. */
  readonly hint?: string;
}

/**
 * The processor that a text chooses, `MODEL[,+FEATURE|,-FEATURE]…`. Without a model, the changes are to the default.
 *
 * @returns the processor, or all problems of the text.
 * @experimental
 */
export function chooseProcessor(
  text: string,
  catalogue: ProcessorCatalogue,
):
  | {
      /** The processor. */
      readonly processor: Processor;
    }
  | {
      /** All problems of the text. */
      readonly problems: readonly ProcessorProblem[];
    } {
  const problems: ProcessorProblem[] = [];
  const words = text.split(',').map((word) => word.trim());
  const [first = ''] = words;
  const named = isChange(first) ? undefined : first;
  const model = findModel(named, catalogue, problems);
  const changes = new Map<string, boolean>();
  for (const word of named === undefined ? words : words.slice(1)) {
    const feature = readChange(word, catalogue, problems);
    if (feature !== undefined) changes.set(feature, word.startsWith('+'));
  }
  if (model === undefined) return { problems };
  const features = new Set(model.features);
  for (const [feature, added] of changes) {
    if (added) features.add(feature);
    else features.delete(feature);
  }
  problems.push(...missing(model, changes, features, catalogue), ...unsatisfied(features, catalogue));
  if (problems.length !== 0) return { problems };
  const differing = [...changes].filter(([feature, added]) => added !== model.features.includes(feature));
  const suffix = differing.map(([feature, added]) => `,${added ? '+' : '-'}${feature}`).sort(byFeature);
  return { processor: { name: `${model.name}${suffix.join('')}`, model: model.name, features } };
}

const isChange = (word: string): boolean => word.startsWith('+') || word.startsWith('-');

/** By the names after `,+` and `,-`. */
const byFeature = (a: string, b: string): number => (a.slice(2) < b.slice(2) ? -1 : 1);

function findModel(
  name: string | undefined,
  { models }: ProcessorCatalogue,
  problems: ProcessorProblem[],
): ProcessorModel | undefined {
  const model = name === undefined ? models[0] : models.find((candidate) => candidate.name === name);
  const names = models.map((candidate) => candidate.name);
  if (model === undefined)
    problems.push({
      message: `there is no processor model ${JSON.stringify(name)}`,
      hint: nameHint(name ?? '', names, 'models'),
    });
  return model;
}

function readChange(word: string, { features }: ProcessorCatalogue, problems: ProcessorProblem[]): string | undefined {
  if (!isChange(word)) {
    const message = `${JSON.stringify(word)} is no change of a feature`;
    problems.push({ message, hint: 'right would be +FEATURE or -FEATURE' });
    return undefined;
  }
  const name = word.slice(1);
  if (Object.hasOwn(features, name)) return name;
  const hint = nameHint(name, Object.keys(features).sort(), 'features');
  problems.push({ message: `processors have no feature ${JSON.stringify(name)}`, hint });
  return undefined;
}

/** Features that are chosen and not implemented: those of the model together, those that the text adds one by one. */
function missing(
  model: ProcessorModel,
  changes: ReadonlyMap<string, boolean>,
  features: ReadonlySet<string>,
  catalogue: ProcessorCatalogue,
): readonly ProcessorProblem[] {
  const absent = [...features].filter((name) => catalogue.features[name]?.implemented !== true);
  const added = absent.filter((name) => changes.get(name) === true);
  const ofModel = absent.filter((name) => !added.includes(name));
  return [
    ...(ofModel.length === 0
      ? []
      : [
          {
            message: `the processor model ${model.name} has ${list(ofModel)}, which qvm does not have yet`,
            hint: `take ${ofModel.length === 1 ? 'it' : 'them'} away: ${[model.name, ...ofModel.map((name) => `-${name}`)].join(',')}`,
          },
        ]),
    ...added.map((name) => ({ message: `qvm does not have the processor feature ${name} yet` })),
  ];
}

/** Features whose needs are not met. */
function unsatisfied(features: ReadonlySet<string>, catalogue: ProcessorCatalogue): readonly ProcessorProblem[] {
  return [...features].flatMap((name) => {
    const absent = (catalogue.features[name]?.needs ?? []).filter((needed) => !features.has(needed));
    if (absent.length === 0) return [];
    const message = `the processor feature ${name} needs ${list(absent)}`;
    return [{ message, hint: `add ${absent.map((needed) => `+${needed}`).join(',')}, or take -${name} away` }];
  });
}

function list(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
