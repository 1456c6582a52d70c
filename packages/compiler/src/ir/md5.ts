import { md5 } from '@noble/hashes/legacy.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

/** The first 32 bits of the MD5 (RFC 1321) of a text's UTF-8 bytes, as a number from 0 to 2³² − 1. It hashes, it does not protect. */
export function hash32(text: string): number {
  const digest = md5(utf8ToBytes(text))
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0)
}
