/**
 * IconWorld: small pictures of coloured figures with questions about them, drawn from a seed in IconQA's release
 * layout. Every sample depends on (seed, world, client, split, index) alone, so samples may be drawn in any order.
 */
package org.fednano.iconworld;
