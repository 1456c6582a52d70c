/** PostgreSQL's aggregate functions (manual, section 9.21), ordered-set and hypothetical-set ones included. */
const aggregates = new Set(
  (
    'any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or count every json_agg json_agg_strict ' +
    'json_arrayagg json_objectagg json_object_agg json_object_agg_strict json_object_agg_unique ' +
    'json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict ' +
    'jsonb_object_agg_unique jsonb_object_agg_unique_strict max min range_agg range_intersect_agg string_agg sum ' +
    'xmlagg corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx ' +
    'regr_sxy regr_syy stddev stddev_pop stddev_samp variance var_pop var_samp mode percentile_cont ' +
    'percentile_disc rank dense_rank percent_rank cume_dist'
  ).split(' '),
)
/** Of these the plain call is a window function; only WITHIN GROUP makes it an aggregate. */
const hypothetical = new Set(['rank', 'dense_rank', 'percent_rank', 'cume_dist'])

/** Whether a call by this name aggregates rows. */
export const isAggregateName = (name: string, withinGroup: boolean): boolean =>
  aggregates.has(name) && (withinGroup || !hypothetical.has(name))
