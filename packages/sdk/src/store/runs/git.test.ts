import { execFileSync } from 'node:child_process'
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gitSource, sourceOf, withoutCredentials } from './git.ts'

describe('what git says of a folder', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'viewcast-git-')))
  })
  afterAll(() => rm(folder, { recursive: true }))
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args], {
      cwd: folder,
      stdio: 'pipe',
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
    })
      .toString()
      .trim()

  test('is nothing where there is no repository, no commit, or no folder', async () => {
    expect(await gitSource(join(folder, 'nowhere'))).toEqual({})
    expect(await gitSource(folder)).toEqual({})
    git('init', '-q', '-b', 'trunk')
    git('remote', 'add', 'origin', 'https://me:secret@example.org/me/shop.git')
    expect(await gitSource(folder)).toEqual({})
  })

  test('is the commit, the branch, the remote without credentials, and whether files differ', async () => {
    await writeFile(join(folder, 'a'), '1')
    git('add', 'a')
    git('commit', '-q', '-m', 'first')
    const clean = {
      uri: 'https://example.org/me/shop.git',
      commit: git('rev-parse', 'HEAD'),
      branch: 'trunk',
      dirty: false,
    }
    expect(await gitSource(folder)).toEqual(clean)
    await writeFile(join(folder, 'new'), '')
    expect(await gitSource(folder)).toEqual({ ...clean, dirty: true })
    await rm(join(folder, 'new'))
    await writeFile(join(folder, 'a'), '2')
    expect(await gitSource(folder)).toEqual({ ...clean, dirty: true })
    git('checkout', '-q', '--', 'a')
    git('checkout', '-q', '--detach')
    git('remote', 'remove', 'origin')
    expect(await gitSource(folder)).toEqual({ commit: clean.commit, dirty: false })
  })
})

test.each([
  ['https://token@example.org/a/b', 'https://example.org/a/b'],
  ['https://me:p@ss/w@example.org:8443/a?private_token=x#y', 'https://example.org:8443/a'],
  ['ssh://git@example.org/a', 'ssh://example.org/a'],
  ['git@example.org:a/b.git', 'git@example.org:a/b.git'],
  ['../shop.git', '../shop.git'],
])('the address %s', (uri, kept) => {
  expect(withoutCredentials(uri)).toBe(kept)
})

test('a branch whose name looks like a header is read as one line', () => {
  expect(sourceOf('# branch.oid abc\n# branch.head odd branch.oid x\n')).toEqual({
    commit: 'abc',
    branch: 'odd branch.oid x',
    dirty: false,
  })
})
