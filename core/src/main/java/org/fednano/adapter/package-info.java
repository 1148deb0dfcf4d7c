/** NanoAdapters: how they lie in one vector, how they start, forward and closed-form backward. */
package org.fednano.adapter;
