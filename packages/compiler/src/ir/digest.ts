/** The identity of a value: equal values have equal digests, whatever the order of their keys. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { encode } from './codec.ts'

/** SHA-256 of the canonical text of {@link encode}, 64 hexadecimal digits. */
export const digest = (value: unknown): string => bytesToHex(sha256(utf8ToBytes(encode(value))))
