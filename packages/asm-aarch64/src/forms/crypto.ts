import { form } from '../form.js';
import type { FormTable } from '../form.js';
import { scalar, vector } from '../operands/vectors.js';

const words = (...fields: string[]) => fields.map((field) => vector('4s', field));
const bytes = [vector('16b', 'Rd'), vector('16b', 'Rn')];
const hash = [scalar('q', 'Rd'), scalar('q', 'Rn'), vector('4s', 'Rm')];

/** Syntax of the rows of the Cryptographic Extension. */
export const cryptoForms: FormTable = {
  'AESE, AESD': ['aese', 'aesd'].map((name, inverse) => form(name, { inverse }, bytes)),
  'AESMC, AESIMC': ['aesmc', 'aesimc'].map((name, inverse) => form(name, { inverse }, bytes)),
  'SHA1C, SHA1P, SHA1M': ['sha1c', 'sha1p', 'sha1m'].map((name, kind) => form(name, { kind }, [scalar('q', 'Rd'), scalar('s', 'Rn'), vector('4s', 'Rm')])),
  SHA1SU0: [form('sha1su0', {}, words('Rd', 'Rn', 'Rm'))],
  SHA1H: [form('sha1h', {}, [scalar('s', 'Rd'), scalar('s', 'Rn')])],
  SHA1SU1: [form('sha1su1', {}, words('Rd', 'Rn'))],
  'SHA256H, SHA256H2': ['sha256h', 'sha256h2'].map((name, second) => form(name, { second }, hash)),
  SHA256SU0: [form('sha256su0', {}, words('Rd', 'Rn'))],
  SHA256SU1: [form('sha256su1', {}, words('Rd', 'Rn', 'Rm'))],
};
