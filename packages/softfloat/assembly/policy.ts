/**
 * The policy of the module that is compiled: what architectures choose differently. The module of x86 is compiled with
 * x86/policy.ts in this file's place (scripts/compile.mjs).
 */
export * from './arm/policy';
