/** MLlib transformers over the frozen client part, and how its weights reach executors. */
package org.fednano.ml;
