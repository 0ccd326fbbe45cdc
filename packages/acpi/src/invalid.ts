import { QvmError } from '@qvm/core';

/** The error for ACPI data that no table can hold; the message begins with its place. */
export const invalid = (message: string): QvmError => new QvmError('acpi.invalid', message);
