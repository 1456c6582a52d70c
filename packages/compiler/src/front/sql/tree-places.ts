/** Where parts of a tree stand in their text, which says nothing about what they mean. */
export const places = new Set([
  'location',
  'stmt_location',
  'stmt_len',
  'rexpr_list_start',
  'rexpr_list_end',
  'list_start',
  'list_end',
])
