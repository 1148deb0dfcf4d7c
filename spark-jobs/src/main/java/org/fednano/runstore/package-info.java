/**
 * A run's folder: who may write to it, what a committed round is, and how metric rows reach their tables exactly once.
 * Nothing else writes below a run folder.
 */
package org.fednano.runstore;
