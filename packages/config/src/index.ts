export { CONFIG_CODES, type ConfigCode } from './codes.js';
export { ConfigError, type Finding, findingAt, formatFinding, type Severity } from './finding.js';
export {
  ADDRESS_SPACE_END,
  LINUX_CMDLINE_LENGTH,
  MAX_CPUS,
  MAX_DEPTH,
  MAX_FILE_BYTES,
  MAX_FINDINGS,
  MAX_HOST_CPU,
  MAX_NAME_LENGTH,
  MAX_PATH_LENGTH,
  MAX_VALUES,
  PAGE_SIZE,
  PRIORITY_RANGE,
} from './limits.js';
export { type FieldSources, type Located, NO_SOURCE, type SourceLocation, sourceOf } from './location.js';
export { nearestName } from './nearest-name.js';
export { type AddressResult, type NumberResult, parseAddress, parseNumber, parseSize } from './numbers.js';
export {
  type OptionContext,
  type OptionKind,
  type OptionSpec,
  type OptionValue,
  type ResolvedOptions,
  resolveOptions,
} from './options.js';
export { checkVmConfig, parseVmConfig, type ParsedVmConfig, type ParseOptions } from './parse.js';
export { type Environment, resolvePath } from './paths.js';
export { ARCHITECTURES, type ArchitectureName, vmConfigJsonSchema } from './schema.js';
export type { OptionSetting, RamSpec, VdevSpec, VmField, VmSpec } from './spec.js';
