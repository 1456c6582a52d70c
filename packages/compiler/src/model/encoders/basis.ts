/** The columns of a basis, as piecewise polynomials. */
import type { LearnedBasis } from '../../ir/learned-encoder.ts'
import type { Piece, Pieces } from './pieces.ts'
import { bsplinePieces, naturalPieces } from './splines.ts'

/** How many columns a basis has. */
export function basisWidth(basis: LearnedBasis): number {
  switch (basis.kind) {
    case 'polynomial':
      return basis.degree
    case 'bins':
      return basis.edges.length
    case 'bspline':
      return basis.knots.length - 2 + basis.degree
    case 'natural':
      return basis.knots.length - 1
  }
}

/** What follows the name of the feature in the names of the columns. */
export function basisSuffixes(basis: LearnedBasis): string[] {
  switch (basis.kind) {
    case 'polynomial':
      return Array.from({ length: basis.degree }, (_, i) => (i === 0 ? '' : `^${i + 1}`))
    case 'bins': {
      const [open, close] = basis.closed === 'left' ? ['[', ')'] : ['(', ']']
      return basis.edges.map((edge, i) => `${open}${edge},${basis.edges[i + 1] ?? ''}${close}`)
    }
    default:
      return Array.from({ length: basisWidth(basis) }, (_, i) => `~${i + 1}`)
  }
}

/** The pieces of all columns of a basis. */
export function basisPieces(basis: LearnedBasis): Pieces {
  switch (basis.kind) {
    case 'polynomial':
      return { breaks: [], breakIn: 'right', pieces: [powers(basis.degree)] }
    case 'bins':
      return {
        breaks: basis.edges,
        breakIn: basis.closed === 'left' ? 'right' : 'left',
        pieces: [-1, ...basis.edges.keys()].map((own) => ({
          origin: 0,
          columns: basis.edges.map((_, j) => [j === own ? 1 : 0]),
        })),
      }
    case 'bspline':
      return bsplinePieces(basis)
    case 'natural':
      return naturalPieces(basis.knots)
  }
}

const powers = (degree: number): Piece => ({
  origin: 0,
  columns: Array.from({ length: degree }, (_, j) =>
    Array.from({ length: degree + 1 }, (_, k) => (k === j + 1 ? 1 : 0)),
  ),
})
