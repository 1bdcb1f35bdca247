# Sources of the RocksDB adapter.
target_sources(permafrost_vfs_rocksdb PRIVATE
  rocksdb/batch_parse.cc rocksdb/hardened_disk.cc rocksdb/hardened_file.cc rocksdb/log_parse.cc rocksdb/log_scan.cc
  rocksdb/manifest_parse.cc rocksdb/rocks_db.cc rocksdb/rocks_db_open.cc rocksdb/rocks_env.cc
  rocksdb/rocks_file_system.cc rocksdb/rocks_files.cc rocksdb/rocks_labels.cc
  rocksdb/rocks_options.cc rocksdb/status_map.cc)
