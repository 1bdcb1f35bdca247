# Sources of vfs/posix: the real disk, threads and clocks.
target_sources(permafrost_vfs PRIVATE
  posix/boot_id.cc posix/dir_handles.cc posix/fiu_run.cc posix/host_file.cc posix/native_executor.cc posix/posix_error.cc
  posix/posix_file.cc posix/posix_file_system.cc posix/posix_lock.cc posix/posix_path.cc posix/stop_signal.cc
  posix/system_clock.cc)
