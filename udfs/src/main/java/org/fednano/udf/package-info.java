/** SQL functions over what this project stores: answers, adapters' vectors, pictures, byte counts. */
package org.fednano.udf;
