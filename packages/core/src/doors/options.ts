/**
 * Options of vdevs: typed declarations and parsing of their texts. Also numbers and paths in configurations.
 *
 * @module
 */

export type { NumberBounds } from '../options/kinds.js';
export { isBooleanWord, textKind } from '../options/kinds.js';
export type { AddressResult, NumberResult } from '../options/numbers.js';
export { parseAddress, parseNumber, parseSize } from '../options/numbers.js';
export type { OptionDescription } from '../options/option-description.js';
export { describeOption } from '../options/option-description.js';
export type { OptionKind, OptionPlace, OptionResult } from '../options/option-kind.js';
export type { Option, OptionDeclarations, OptionProperties, OptionsOf, ValueOf } from '../options/option.js';
export { defineOptions, option } from '../options/option.js';
export type { OptionFault, OptionText } from '../options/read-options.js';
export { optionNamed, optionNames, readOptions } from '../options/read-options.js';
export { pathProblem, resolvePath } from '../options/paths.js';
export { nameHint, nearestName } from '../text/nearest-name.js';
export { show } from '../text/show.js';
